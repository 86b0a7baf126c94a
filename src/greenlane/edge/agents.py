"""Agents at an app's door: a token that was exchanged for a grant, checked against what the table says of that grant.

The token is verified once and its answer remembered with every other one; the table says at each change which grants and
agents there still are. So ending either turns an agent away in the moment in which the edge hears of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from greenlane.edge.table import Host, Table
from greenlane.govern.errors import SignInNeeded
from greenlane.identity.delegation import issuing
from greenlane.identity.delegation.issuing import Claims


@dataclass(frozen=True, slots=True)
class Let:
    """Whom an agent visits for, and until when (seconds since the epoch)."""

    person: str
    until: float


def let_in(table: Table, host: Host, token: str, now: datetime) -> Let | None:
    """Whether a token of ours opens this host for an agent; None where it does not."""
    lending: dict[str, Any] = table.raw.get("lending") or {}
    try:
        keys = KeySet.import_key_set(lending["keys"])
        claims = issuing.read(token, keys, str(lending["issuer"]), _address(table, host), now)
    except (SignInNeeded, JoseError, KeyError, ValueError):
        return None
    grant = table.raw.get("grants", {}).get(claims.grant)
    if grant is None or not _covers(table, grant, claims, host):
        return None
    until = min(float(grant["expires"]), claims.expires.timestamp())
    return Let(claims.person, until) if now.timestamp() < until else None


def _address(table: Table, host: Host) -> str:
    """An app's address as tokens name it."""
    _, _, port = table.console_host.partition(":")
    return f"{table.scheme}://{host.name}{':' if port else ''}{port}"


def _covers(table: Table, grant: dict[str, Any], claims: Claims, host: Host) -> bool:
    agents: dict[str, Any] = table.raw.get("agents", {})
    chain = [name for name, _ in claims.agents]
    if grant["person"] != claims.person or grant["agent"] != chain[0] or len(chain) > grant["depth"]:
        return False
    if any(agents.get(name) != epoch for name, epoch in claims.agents) or "visit" not in claims.scopes:
        return False
    return host.environment in grant["environments"] and (not grant["apps"] or host.app in grant["apps"])
