"""How long people wait for people: a queue in front of a few reviewers who work in the daytime.

The numbers are assumptions, not measurements: three reviewers, ten minutes for each question, from 9 to 17 o'clock on
working days, and a look into the queue every half hour. First come, first served.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace

REVIEWERS = 3
MINUTES_EACH = 10.0
LOOKS_EVERY = 30.0
OPENS, CLOSES = 9 * 60, 17 * 60
"""Minutes after midnight."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long the held changes waited, in minutes, and the minutes that reviewers worked."""

    held: int
    median: float
    nine_of_ten: float
    longest: float
    work: float


def waiting(asked: Iterable[float]) -> Waiting:
    """The waiting for questions asked at these minutes since a Monday's midnight, in the order of time."""
    free = [0.0] * REVIEWERS
    heapify(free)
    waits = []
    for minute in asked:
        seen = _next_look(minute)
        done = _open(max(seen, free[0])) + MINUTES_EACH
        heapreplace(free, done)
        waits.append(done - minute)
    waits.sort()
    return Waiting(
        held=len(waits),
        median=_at(waits, 0.5),
        nine_of_ten=_at(waits, 0.9),
        longest=waits[-1] if waits else 0.0,
        work=len(waits) * MINUTES_EACH,
    )


def _next_look(minute: float) -> float:
    """The next half hour on the clock."""
    return -(-minute // LOOKS_EVERY) * LOOKS_EVERY


def _open(minute: float) -> float:
    """The moment itself when reviewers work then, else the next opening."""
    day, of_day = divmod(minute, 1440)
    if of_day >= CLOSES:
        day, of_day = day + 1, 0
    while day % 7 >= 5:
        day, of_day = day + 1, 0
    return day * 1440 + max(of_day, OPENS)


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
