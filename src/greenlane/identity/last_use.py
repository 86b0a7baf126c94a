"""When a token was used last: a note for its person, coarse on purpose, and no receipt."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, update

from greenlane.govern.effect import Rows
from greenlane.identity.tables import TOKEN
from greenlane.kit.clock import stamp

COARSE = timedelta(minutes=1)
"""A busy token is noted once in this time, so that reading does not become writing."""


def note_use(token: str, now: datetime) -> Rows:
    """Rows that remember that a token (by its id) was used."""

    def rows(connection: Connection) -> None:
        due = or_(TOKEN.c.last_used.is_(None), TOKEN.c.last_used < stamp(now - COARSE))
        connection.execute(update(TOKEN).where(TOKEN.c.id == token, due).values(last_used=stamp(now)))

    return rows
