"""What risk must know about keys for model calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from greenlane.gateway.actions import MakeGatewayKey
from greenlane.govern.actor import Actor


def key_facts(connection: Connection, actor: Actor, action: MakeGatewayKey) -> Mapping[str, Any]:
    """A key without an end is one that somebody may forget."""
    return {"token_unlimited": action.days == 0}
