"""Which prompts a person let through, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from greenlane.gateway.perimeter.actions import SendPrompt
from greenlane.gateway.perimeter.entries import entry
from greenlane.gateway.perimeter.tables import LET_THROUGH
from greenlane.govern.effect import Rows
from greenlane.kit.clock import parse, stamp

LASTS = timedelta(days=1)
"""How long the very same request goes through once somebody agreed."""


def let_through(action: SendPrompt, action_id: str, now: datetime) -> Rows:
    """The rows that let a prompt through; those whose time is over are forgotten."""

    def rows(connection: Connection) -> None:
        connection.execute(delete(LET_THROUGH).where(LET_THROUGH.c.expires < stamp(now)))
        connection.execute(
            insert(LET_THROUGH).values(
                action=action_id,
                key=action.key,
                prompt=action.prompt,
                data=list(action.data),
                expires=stamp(now + LASTS),
            )
        )

    return rows


def standing(connection: Connection, now: datetime) -> Mapping[str, Any]:
    """The section of the table with what is let through: classes, and until when (seconds since 1970)."""
    found = connection.execute(
        select(LET_THROUGH).where(LET_THROUGH.c.expires > stamp(now)).order_by(LET_THROUGH.c.expires)
    )
    return {entry(row.key, row.prompt): {"data": row.data, "expires": parse(row.expires).timestamp()} for row in found}
