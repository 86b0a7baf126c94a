"""Which trusted workload a token of an issuer elsewhere stands for.

What counts is what was verified: the issuer's signature, its name, the audience, the times, and every claim of a rule
exactly as the rule has it. Each token is taken once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from greenlane.govern.effect import Rows
from greenlane.identity import tokens
from greenlane.identity.delegation import keys as taken
from greenlane.identity.delegation.proving import spend, unverified
from greenlane.identity.federation.issuers import Issuers
from greenlane.identity.federation.queries import Workload
from greenlane.kit.errors import GreenlaneError

LEEWAY = 30
"""Seconds by which an issuer's clock may be wrong."""


@dataclass(frozen=True, slots=True)
class Matched:
    """The rule that a token meets, and the rows that write that it was used."""

    rule: Workload
    use: Rows


def issuer_of(token: str) -> str:
    """Whose token it says to be: ``iss``, or a SPIFFE id's trust domain where that is missing. Nothing is verified yet."""
    said = unverified(token)
    if said.get("iss"):
        return str(said["iss"])
    subject = str(said.get("sub", ""))
    return "/".join(subject.split("/")[:3]) if subject.startswith("spiffe://") else ""


def matched(rules: list[Workload], issuers: Issuers | None, token: str, now: datetime) -> list[Matched]:
    """Every rule that a token meets."""
    return [Matched(rule, use) for rule in rules if (use := _meets(rule, issuers, token, now)) is not None]


def _meets(rule: Workload, issuers: Issuers | None, token: str, now: datetime) -> Rows | None:
    try:
        kid = str(jws.extract_compact(token.encode()).headers().get("kid", ""))
        found = rule.keys if rule.keys is not None else issuers.keys(rule.issuer, kid) if issuers else {"keys": []}
        said = jwt.decode(token, taken.imported(found), algorithms=list(taken.ALGORITHMS)).claims
        jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY,
            aud={"essential": True, "value": rule.audience},
            exp={"essential": True},
        ).validate(said)
    except (JoseError, GreenlaneError, ValueError, TypeError):
        return None
    if not _from(rule, said) or any(_plain(said.get(name)) != value for name, value in rule.claims.items()):
        return None
    once = str(said.get("jti") or tokens.sha256(token))
    return spend(f"workload:{rule.issuer}", once, int(said["exp"]) + LEEWAY)


def _from(rule: Workload, said: dict[str, Any]) -> bool:
    """Whether the issuer is the rule's; of a SPIFFE token without one, whether its subject lies in the trust domain."""
    if "iss" in said:
        return bool(said["iss"] == rule.issuer)
    return rule.issuer.startswith("spiffe://") and str(said.get("sub", "")).startswith(f"{rule.issuer}/")


def _plain(value: Any) -> str | None:
    """A claim as a rule writes it. What is no single text, number or yes and no meets no rule."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (str, int)) else None
