"""Agents at the gateway's door: a token that was exchanged for a grant with money, checked against what the table says.

The edge does the same for apps. Ending a grant, an agent or a person turns a token away in the moment in which the
gateway hears of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from greenlane.govern.actor import Actor
from greenlane.govern.errors import SignInNeeded
from greenlane.identity.delegation import issuing
from greenlane.identity.delegation.issuing import Claims, models_at


def entry(table: Mapping[str, Any], token: str, at: float) -> dict[str, Any] | None:
    """What a token stands for, as the entry of a key that spends from its grant's budget; None where it lends nothing.

    ``at`` and ``until``, the end of the token itself, are in seconds since 1970; ``expires`` is the end of the grant.
    """
    believed = table["lending"]
    try:
        keys, issuer = KeySet.import_key_set(believed["keys"]["says"]), str(believed["issuer"]["says"])
        claims = issuing.read(token, keys, issuer, models_at(issuer), datetime.fromtimestamp(at, UTC))
    except (SignInNeeded, JoseError, KeyError, ValueError):
        return None
    grant = table["grants"].get(claims.grant)
    if grant is None or not _covers(table, grant, claims):
        return None
    first, *others = (name for name, _ in reversed(claims.agents))
    actor = Actor(
        "agent", first, claims.person, claims.grant, through=tuple(reversed(others)), signed_in=grant["signed_in"]
    )
    return {
        "id": claims.grant,
        "kind": "agent",
        "person": claims.person,
        "run": claims.grant,
        "process": grant["process"],
        "actor": actor.chain(),
        "spenders": [grant["account"]],
        "expires": grant["expires"],
        "until": claims.expires.timestamp(),
    }


def _covers(table: Mapping[str, Any], grant: Mapping[str, Any], claims: Claims) -> bool:
    """Whether a grant is for this chain, and everybody in it is at work with the key of then."""
    names = [name for name, _ in claims.agents]
    if (grant["person"], grant["agent"]) != (claims.person, names[0]) or len(names) > grant["depth"]:
        return False
    at_work = table["agents"]
    return all(at_work.get(name, {}).get("epoch") == epoch for name, epoch in claims.agents)
