"""What an agent shows who it is with: its secret, or a proof signed with its own key (private_key_jwt, RFC 7523).

A proof names the agent as its issuer and its subject, us as its audience, lasts ten minutes at most, and is taken once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from sqlalchemy import Connection, delete, insert, select

from greenlane.govern.effect import Rows
from greenlane.govern.errors import SignInNeeded
from greenlane.identity import tokens
from greenlane.identity.delegation import keys
from greenlane.identity.delegation.tables import AGENT, SPENT_PROOF
from greenlane.kit import digest
from greenlane.kit.clock import stamp

LONGEST = 600
"""Seconds that a proof may last."""


_THERE = (AGENT.c.retired.is_(None), AGENT.c.switched_off.is_(None))
"""Agents that anybody asks for a proof."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody showed at the token endpoint: a name with a secret, or a signed proof."""

    name: str = ""
    secret: str = ""
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """An agent that proved who it is. ``use`` writes that the proof was used; None where it can be shown again."""

    name: str
    epoch: int
    use: Rows | None = None


def known(connection: Connection, shown: Shown, audiences: tuple[str, ...], now: datetime) -> Known | None:
    """Which agent showed this; None where it proves nothing. Looks at the agent alone, not at what it was lent."""
    if shown.proof:
        return _by_proof(connection, shown, audiences, now)
    if tokens.kind_of(shown.secret) is not tokens.Kind.AGENT:
        return None
    row = connection.execute(select(AGENT).where(AGENT.c.secret == tokens.sha256(shown.secret), *_THERE)).one_or_none()
    return None if row is None or shown.name not in {"", row.name} else Known(row.name, int(row.epoch))


def _by_proof(connection: Connection, shown: Shown, audiences: tuple[str, ...], now: datetime) -> Known | None:
    name = _claimed(shown.proof)
    row = connection.execute(select(AGENT).where(AGENT.c.name == name, AGENT.c.key.is_not(None), *_THERE)).one_or_none()
    if row is None or shown.name not in {"", name}:
        return None
    try:
        said = jwt.decode(shown.proof, keys.imported(row.key), algorithms=list(keys.ALGORITHMS)).claims
        jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            iss={"essential": True, "value": name},
            sub={"essential": True, "value": name},
            aud={"essential": True, "values": list(audiences)},
            exp={"essential": True},
            jti={"essential": True},
        ).validate(said)
        ends = int(said["exp"])
    except (JoseError, ValueError, TypeError):
        return None
    if ends > now.timestamp() + LONGEST:
        return None
    return Known(row.name, int(row.epoch), spend(f"agent:{name}", str(said["jti"]), ends))


def _claimed(proof: str) -> str:
    """Whom a proof says it is from, before anything of it was verified."""
    said = unverified(proof)
    return str(said.get("sub", ""))


def unverified(token: str) -> dict[str, Any]:
    """What a token claims, to find the key that it must be verified with. Empty for what is no token."""
    try:
        said = json.loads(jws.extract_compact(token.encode()).payload)
    except (JoseError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def spend(whose: str, jti: str, until: int) -> Rows:
    """Rows that take a proof once; raise ``SignInNeeded`` the second time."""
    mark = digest.of(["proof", whose, jti])

    def rows(connection: Connection) -> None:
        if connection.execute(select(SPENT_PROOF.c.digest).where(SPENT_PROOF.c.digest == mark)).first() is not None:
            raise SignInNeeded("This proof was used already.", next_step="Sign a new one, with a new jti.")
        connection.execute(insert(SPENT_PROOF).values(digest=mark, until=stamp(datetime.fromtimestamp(until, UTC))))

    return rows


def sweep(now: datetime) -> Rows:
    """Rows that forget proofs which nobody could use any more."""

    def rows(connection: Connection) -> None:
        connection.execute(delete(SPENT_PROOF).where(SPENT_PROOF.c.until < stamp(now)))

    return rows
