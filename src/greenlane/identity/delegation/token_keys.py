"""The keys that tokens of agents are signed with: the newest signs, and older ones are believed until what they signed
is over. The first one lies in a file; each later one is random, and sealed as all secrets are.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, or_, select, update

from greenlane.govern.effect import Context, Handling, Outcome, Rows
from greenlane.identity.delegation.actions import RotateTokenKey
from greenlane.identity.delegation.exchange import LASTS, WORKLOAD_LASTS
from greenlane.identity.delegation.issuing import Issuer, kid_of
from greenlane.identity.delegation.tables import TOKEN_KEY
from greenlane.identity.sso.driver import Seals
from greenlane.kit.clock import Clock, stamp
from greenlane.kit.database import Database

BELIEVED_FOR = max(LASTS, WORKLOAD_LASTS) + timedelta(minutes=1)
"""How long a key is believed after its last token: as long as that lasts, and what two clocks may differ by."""

SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """The keys of an installation. ``first`` is the seed of the one before any rotation."""

    database: Database
    seals: Seals
    clock: Clock
    first: bytes

    def seeds(self) -> list[bytes]:
        """The seeds of the keys that are believed at this moment, the one that signs first."""
        stands = or_(TOKEN_KEY.c.until.is_(None), TOKEN_KEY.c.until > stamp(self.clock.now()))
        with self.database.read() as connection:
            if connection.execute(select(TOKEN_KEY.c.kid).limit(1)).first() is None:
                return [self.first]
            rows = connection.execute(select(TOKEN_KEY).where(stands).order_by(TOKEN_KEY.c.since.desc())).all()
        return [self.first if one.sealed is None else self._opened(one.kid, one.sealed) for one in rows]

    def rotate(self, action: RotateTokenKey, context: Context) -> Outcome:
        """A new key signs from now on. The one before is believed until its tokens are over, or no more at once."""
        seed = secrets.token_bytes(SEED_BYTES)
        kid, now = kid_of(seed), stamp(context.now)
        sealed = self.seals.seal(seed.hex(), place(kid))
        until = now if action.at_once else stamp(context.now + BELIEVED_FOR)

        def rows(connection: Connection) -> None:
            if connection.execute(select(TOKEN_KEY.c.kid).limit(1)).first() is None:
                first = {"kid": kid_of(self.first), "since": "", "action": context.action_id}
                connection.execute(insert(TOKEN_KEY).values(**first))
            ends = (
                TOKEN_KEY.c.until.is_(None)
                if not action.at_once
                else or_(TOKEN_KEY.c.until.is_(None), TOKEN_KEY.c.until > now)
            )
            connection.execute(update(TOKEN_KEY).where(ends).values(until=until))
            new = {"kid": kid, "sealed": sealed, "since": now, "action": context.action_id}
            connection.execute(insert(TOKEN_KEY).values(**new))

        return Outcome(rows, happened={"kid": kid, "at_once": action.at_once, "before_until": until})

    def handlings(self) -> dict[str, Handling]:
        """The effect by its verb."""
        return {"rotate-token-key": Handling(self.rotate)}

    def _opened(self, kid: str, sealed: bytes) -> bytes:
        return bytes.fromhex(self.seals.open(sealed, place(kid)))


def take_up(keys: TokenKeys, issuer: Issuer, tell: Callable[[], None]) -> None:
    """Believe the newest key, have everybody who checks tokens believe it (``tell`` comes back when they do), and sign
    with it only then. So no token is ever signed with a key that somebody who checks it does not know.
    """
    seeds = keys.seeds()
    issuer.believe(seeds)
    tell()
    issuer.sign_with(seeds[0])


def let_go(keys: TokenKeys, issuer: Issuer) -> bool:
    """Stop believing keys whose time is over. Says whether there were any."""
    seeds = keys.seeds()
    over = {kid_of(one) for one in seeds} != {one["kid"] for one in issuer.keys()["keys"]}
    if over:
        issuer.believe(seeds)
    return over


def sweep(now: datetime) -> Rows:
    """Rows that forget the secret part of keys which nobody believes any more."""

    def rows(connection: Connection) -> None:
        over = (TOKEN_KEY.c.until < stamp(now), TOKEN_KEY.c.sealed.is_not(None))
        connection.execute(update(TOKEN_KEY).where(*over).values(sealed=b""))

    return rows


def place(kid: str) -> str:
    """Where the seed of a key is sealed for."""
    return f"token-key/{kid}"
