"""Control's side: taking in what the gateway laid down, letting go of it in time, and looking at it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select

from greenlane.gateway import tables
from greenlane.gateway.content.tables import CONTENT
from greenlane.govern.effect import Rows
from greenlane.kit.clock import stamp

AT_ONCE = 200
"""Calls that are taken in at once."""


def take_in(folder: Path, write: Callable[[Rows], None], now: datetime, days: int) -> int:
    """Take in what lies in a folder, for so many days; how many calls it was. What is kept is taken away there."""
    if not folder.is_dir():
        return 0
    found = sorted(one for one in folder.iterdir() if not one.name.startswith("."))[:AT_ONCE]
    if not found:
        return 0
    expires = stamp(now + timedelta(days=days))
    sealed = {one.name: one.read_bytes() for one in found}

    def rows(connection: Connection) -> None:
        connection.execute(delete(CONTENT).where(CONTENT.c.call.in_(list(sealed))))
        connection.execute(
            insert(CONTENT), [{"call": call, "sealed": body, "expires": expires} for call, body in sealed.items()]
        )

    write(rows)
    for one in found:
        one.unlink(missing_ok=True)
    return len(found)


def over(connection: Connection, now: datetime) -> bool:
    """Whether the time of anything that is kept is over."""
    return connection.execute(select(CONTENT.c.call).where(CONTENT.c.expires < stamp(now)).limit(1)).first() is not None


def let_go(now: datetime) -> Rows:
    """Rows: what was kept long enough is gone."""
    return lambda connection: _run(connection, now)


def _run(connection: Connection, now: datetime) -> None:
    connection.execute(delete(CONTENT).where(CONTENT.c.expires < stamp(now)))


def erased(*, call: str = "", person: str = "") -> Rows:
    """Rows: the words of one call, or of all that a person made, are gone."""

    def rows(connection: Connection) -> None:
        meant = CONTENT.c.call == call
        if person:
            meant = CONTENT.c.call.in_(select(tables.CALL.c.id).where(tables.CALL.c.person == person))
        connection.execute(delete(CONTENT).where(meant))

    return rows


def sealed_of(connection: Connection, call: str) -> bytes | None:
    """What is kept of a call, sealed; None where nothing is."""
    found: bytes | None = connection.scalar(select(CONTENT.c.sealed).where(CONTENT.c.call == call))
    return found
