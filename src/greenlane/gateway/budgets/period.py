"""Days, weeks and months as people in a time zone live them: with 23, 24 or 25 hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When the one period of a budget without an end began."""


class Period(StrEnum):
    """After what time a budget begins anew. A week begins on Monday (ISO 8601)."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Window:
    """From ``since`` to just before ``until``, both in UTC; ``until`` None for ever."""

    since: datetime
    until: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether the moment lies within."""
        return self.since <= at and (self.until is None or at < self.until)


def window(period: Period, zone: str, at: datetime) -> Window:
    """The period that an aware moment lies in. ZoneInfoNotFoundError for a zone that nobody knows.

    A day begins at the first moment of its date: where clocks skip midnight, when they skip it; where midnight comes
    twice, at the first.
    """
    if period is Period.TOTAL:
        return Window(EVER, None)
    here = _zone(zone)
    today = at.astimezone(here).date()
    first = _first(period, today)
    since, until = _begins(first, here), _begins(_next(period, first), here)
    if until <= at:  # clocks went back over a midnight: the moment has the date of a day that was over before
        first = _next(period, first)
        since, until = until, _begins(_next(period, first), here)
    return Window(since, until)


def _first(period: Period, day: date) -> date:
    if period is Period.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period is Period.MONTH else day


def _next(period: Period, first: date) -> date:
    if period is Period.MONTH:
        return (first + timedelta(days=32)).replace(day=1)
    return first + timedelta(days=7 if period is Period.WEEK else 1)


def _begins(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
