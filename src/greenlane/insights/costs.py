"""What an app cost, each amount under the way in which it is known: a list price, metered, or invoiced. Never mixed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from greenlane.insights import tallying
from greenlane.insights.figures import days_of
from greenlane.insights.tables import TALLY

WAYS = ("list", "metered", "invoiced")
"""The ways in which an amount is known."""


def spent(connection: Connection, app: str, now: datetime, days: int = 30) -> dict[str, int]:
    """Micros that an app cost in the last so many days, by way. Every look-up goes straight to its rows."""
    c = TALLY.c
    kinds = {f"{tallying.SPENT}-{way}": way for way in WAYS}
    rows = connection.execute(
        select(c.kind, func.sum(c.number).label("micros"))
        .where(c.kind.in_(list(kinds)), c.day.in_(days_of(now, days)), c.name == app)
        .group_by(c.kind)
    )
    found = {kinds[row.kind]: int(row.micros) for row in rows}
    return {way: found.get(way, 0) for way in WAYS}
