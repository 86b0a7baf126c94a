"""Two clocks: one to tell people, one to measure with.

Wall time is for people and may jump. Durations and expiries within one boot are measured on the monotonic clock, so
that a corrected wall clock neither revives nor kills anything. Order never comes from a clock: it comes from the
ledger's sequence.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the rest of the code asks for the time. Tests hand in a fake."""

    def now(self) -> datetime:
        """Wall time, always in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards within one boot."""
        ...


class SystemClock:
    """The machine's clock, with wall time carried forward by the monotonic clock from the process's start.

    A wall clock that jumps while we run does not move our expiries; a restart takes the new wall time.
    """

    def __init__(self) -> None:
        self._wall_at_start = time.time()
        self._monotonic_at_start = time.monotonic()

    def now(self) -> datetime:
        """Wall time in UTC, as the process's start and the monotonic clock have it."""
        return datetime.fromtimestamp(self._wall_at_start + self.monotonic() - self._monotonic_at_start, UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards within one boot."""
        return time.monotonic()


class FakeClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start.timestamp()

    def now(self) -> datetime:
        """The moment at which the clock stands."""
        return datetime.fromtimestamp(self._now, UTC)

    def monotonic(self) -> float:
        """The same moment in seconds."""
        return self._now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds: ``2026-01-31T09:30:00.000000Z``. Sorts as text."""
    at = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    thousands, rest = divmod(at.microsecond, 1_000)
    return (
        f"{at.year:04}-{_TWO[at.month]}-{_TWO[at.day]}T{_TWO[at.hour]}:{_TWO[at.minute]}:{_TWO[at.second]}"
        f".{_THREE[thousands]}{_THREE[rest]}Z"
    )


_TWO = tuple(f"{number:02}" for number in range(60))
_THREE = tuple(f"{number:03}" for number in range(1_000))
"""Numbers with their zeros: each call to a model has two stamps, and this takes a third of ``isoformat``."""


def parse(text: str) -> datetime:
    """Read what ``stamp`` wrote. ValueError when it is not one."""
    return datetime.fromisoformat(text)
