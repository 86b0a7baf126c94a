"""When a token or session was used last, and from what kind of browser: notes for their person, coarse on purpose, and
no receipts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, update

from greenlane.govern.effect import Rows
from greenlane.identity.tables import SESSION, TOKEN
from greenlane.identity.tokens import sha256
from greenlane.kit.clock import stamp

COARSE = timedelta(minutes=1)
"""A busy token is noted once in this time, so that reading does not become writing."""

SEEN_EVERY = timedelta(minutes=5)
"""A session that somebody works with is noted once in this time."""


def note_use(token: str, now: datetime) -> Rows:
    """Rows that remember that a token (by its id) was used."""

    def rows(connection: Connection) -> None:
        due = or_(TOKEN.c.last_used.is_(None), TOKEN.c.last_used < stamp(now - COARSE))
        connection.execute(update(TOKEN).where(TOKEN.c.id == token, due).values(last_used=stamp(now)))

    return rows


def note_device(secret: str, device: str, now: datetime) -> Rows:
    """Rows that remember what kind of browser opened a session (by its secret)."""

    def rows(connection: Connection) -> None:
        new = update(SESSION).where(SESSION.c.secret == sha256(secret))
        connection.execute(new.values(device=device, last_seen=stamp(now)))

    return rows


def note_seen(session: str, now: datetime) -> Rows:
    """Rows that remember that somebody worked with a session (by its id)."""

    def rows(connection: Connection) -> None:
        connection.execute(update(SESSION).where(SESSION.c.id == session).values(last_seen=stamp(now)))

    return rows
