"""Reads about elevations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from greenlane.govern.errors import NotFound
from greenlane.identity.elevation.tables import ELEVATION
from greenlane.kit.clock import parse, stamp


@dataclass(frozen=True, slots=True)
class Elevation:
    """A role for some hours. ``scope`` is as it is stored, ``action`` the one that gave it."""

    id: str
    person: str
    role: str
    scope: str
    because: str
    action: str
    since: str
    until: str
    ended: str | None

    def live(self, now: datetime) -> bool:
        """Whether it counts at this moment."""
        return self.ended is None and self.until > stamp(now)


def elevation(connection: Connection, id: str) -> Elevation:
    """An elevation by id, whether it still counts or not. Raises ``NotFound``."""
    found = _elevations(connection, ELEVATION.c.id == id)
    if not found:
        raise NotFound(f"There is no elevation {id}.", next_step="`greenlane elevations` lists them.")
    return found[0]


def elevations_of(connection: Connection, person: str, limit: int = 20) -> list[Elevation]:
    """Somebody's elevations, the newest first."""
    return _elevations(connection, ELEVATION.c.person == person, limit=limit)


def running(connection: Connection, now: datetime) -> list[Elevation]:
    """Everybody's elevations that count at this moment, the newest first."""
    return _elevations(connection, ELEVATION.c.ended.is_(None), ELEVATION.c.until > stamp(now))


def over(connection: Connection, now: datetime) -> list[str]:
    """Ids of elevations whose time is over and that nobody ended yet."""
    late = select(ELEVATION.c.id).where(ELEVATION.c.ended.is_(None), ELEVATION.c.until <= stamp(now))
    return list(connection.execute(late.order_by(ELEVATION.c.until, ELEVATION.c.id)).scalars())


def next_end(connection: Connection) -> datetime | None:
    """When the next one is over; None where none runs."""
    first = connection.execute(select(func.min(ELEVATION.c.until)).where(ELEVATION.c.ended.is_(None))).scalar_one()
    return None if first is None else parse(first)


def _elevations(connection: Connection, *where: ColumnElement[bool], limit: int | None = None) -> list[Elevation]:
    rows = connection.execute(
        select(ELEVATION).where(*where).order_by(ELEVATION.c.since.desc(), ELEVATION.c.id.desc()).limit(limit)
    )
    return [_elevation(row) for row in rows]


def _elevation(row: Row[Any]) -> Elevation:
    return Elevation(row.id, row.person, row.role, row.scope, row.because, row.action, row.since, row.until, row.ended)
