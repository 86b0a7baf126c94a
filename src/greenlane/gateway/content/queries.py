"""Whether the words of a call are kept: nothing of what they are."""

from __future__ import annotations

from sqlalchemy import Connection, select

from greenlane.gateway.content.tables import CONTENT


def kept_until(connection: Connection, call: str) -> str | None:
    """Until when the words of a call are kept; None where they are not."""
    found: str | None = connection.scalar(select(CONTENT.c.expires).where(CONTENT.c.call == call))
    return found
