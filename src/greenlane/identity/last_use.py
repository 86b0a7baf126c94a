"""When a token or session was used last, and from what kind of browser: notes for their person, coarse on purpose, and
no receipts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, case, func, or_, select, update

from greenlane.govern.effect import Rows
from greenlane.identity.lasting import Lasting
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


def note_device(secret: str, device: str, address: str, browser: str, now: datetime) -> Rows:
    """Rows that remember what kind of browser opened a session (by its secret), where, and which one (SHA-256)."""

    def rows(connection: Connection) -> None:
        told = {"device": device, "address": address or None, "browser": browser or None, "last_seen": stamp(now)}
        connection.execute(update(SESSION).where(SESSION.c.secret == sha256(secret)).values(**told))

    return rows


def note_seen(which: ColumnElement[bool], now: datetime, lasting: Lasting) -> Rows:
    """Rows that remember that somebody worked with a session, which therefore lasts longer. One that ended stays ended."""
    later, last = lasting.expires(now), func.coalesce(SESSION.c.ends, SESSION.c.expires)
    runs = (SESSION.c.ended.is_(None), SESSION.c.expires > stamp(now))

    def rows(connection: Connection) -> None:
        expires = case((last < later, last), else_=later)
        connection.execute(update(SESSION).where(which, *runs).values(last_seen=stamp(now), expires=expires))

    return rows


def is_new(connection: Connection, person: str, browser: str) -> bool:
    """Whether somebody signed in with other browsers before, and never with this one."""
    known = select(SESSION.c.browser).where(SESSION.c.person == person, SESSION.c.browser.is_not(None)).distinct()
    before = set(connection.execute(known).scalars())
    return bool(before) and browser not in before
