"""Where the path rubs: what waited and how long, what people did after a refusal, uploads that nobody finished."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import Connection, or_, select

from greenlane.insights import figures, tallying
from greenlane.insights.reading import ASKED_AGAIN
from greenlane.insights.tables import ASKED, REFUSED
from greenlane.kit.clock import parse, stamp

WITHIN = timedelta(days=90)
"""How far back friction is told."""

MOST_READ = 20_000
"""Questions and refusals that are read back at most, the newest."""

MOST_TOLD = 50
"""Requests and refusals that are told one by one, the newest."""

GAVE_UP_AFTER = timedelta(days=1)
"""Who did nothing on the same subject within a day of a refusal has given up, or found another way."""


@dataclass(frozen=True, slots=True)
class Wait:
    """One question to people: since when, about what, how long until what. ``outcome`` is waiting while it does."""

    request: str
    at: str
    about: str
    seconds: float
    outcome: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal, and the verb that the person tried next on the same subject, after so many seconds."""

    action: str
    at: str
    verb: str
    about: str
    next: str | None
    seconds: int | None
    gave_up: bool


@dataclass(frozen=True, slots=True)
class Friction:
    """Times in seconds. ``outcomes`` and ``asked_by`` count answers and the policies that made a person necessary."""

    waits: tuple[Wait, ...]
    refusals: tuple[Refusal, ...]
    outcomes: dict[str, int]
    abandoned_uploads: int
    asked_by: dict[str, int]

    @property
    def waited(self) -> list[float]:
        """How long the answered requests waited."""
        return [one.seconds for one in self.waits if one.outcome != "waiting"]

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON values, with a sentence."""
        return {
            "sentence": self.sentence(),
            "requests": len(self.waits),
            "waited_median_seconds": median(self.waited) if self.waited else 0.0,
            "waited_longest_seconds": max(self.waited, default=0.0),
            "outcomes": self.outcomes,
            "refused": len(self.refusals),
            "after_refusal": dict(Counter(one.next for one in self.refusals if one.next is not None)),
            "gave_up": sum(one.gave_up for one in self.refusals),
            "abandoned_uploads": self.abandoned_uploads,
            "asked_by": self.asked_by,
            "waits": [asdict(one) for one in self.waits[:MOST_TOLD]],
            "refusals": [asdict(one) for one in self.refusals[:MOST_TOLD]],
        }

    def sentence(self) -> str:
        """The figures in words."""
        return " ".join(part for part in (self._asked(), self._refused(), self._left()) if part)

    def _asked(self) -> str:
        if not self.waits:
            return "Nobody had to be asked."
        times = f"People were asked {_times(len(self.waits))}"
        if not self.waited:
            return f"{times}, and nothing is answered yet."
        return f"{times}; half of the answers came within {_duration(median(self.waited))}."

    def _refused(self) -> str:
        if not self.refusals:
            return ""
        again = sum(one.next is not None for one in self.refusals)
        return f"Something was not possible {_times(len(self.refusals))}, and {_times(again)} the person tried again."

    def _left(self) -> str:
        left = self.abandoned_uploads
        return f"{left} upload{'' if left == 1 else 's'} never became a deploy." if left else ""


def of(connection: Connection, now: datetime) -> Friction:
    """The friction of the last ``WITHIN``, as far as the receipts are counted."""
    since = stamp(now - WITHIN)
    abandoned = figures.numbers(connection, tallying.ABANDONED, since)
    return Friction(
        waits=_waits(connection, since, now),
        refusals=_refusals(connection, since, now),
        outcomes=figures.numbers(connection, tallying.OUTCOME, since),
        abandoned_uploads=sum(abandoned.values()),
        asked_by=figures.numbers(connection, tallying.ASKED_BY, since),
    )


def _waits(connection: Connection, since: str, now: datetime) -> tuple[Wait, ...]:
    """Each time that people were asked, the newest first; a request that was sent back is asked again."""
    c = ASKED.c
    counted = or_(c.outcome.is_(None), c.outcome != ASKED_AGAIN)
    found = select(ASKED).where(counted, c.at >= since).order_by(c.seq.desc()).limit(MOST_READ)
    return tuple(
        Wait(
            request=row.request,
            at=row.at,
            about=row.subject,
            seconds=(now - parse(row.at)).total_seconds() if row.outcome is None else row.waited_ms / 1000,
            outcome=row.outcome or "waiting",
        )
        for row in connection.execute(found)
    )


def _refusals(connection: Connection, since: str, now: datetime) -> tuple[Refusal, ...]:
    """Each refusal, the newest first, with the first thing that its person did then."""
    found = select(REFUSED).where(REFUSED.c.at >= since).order_by(REFUSED.c.seq.desc()).limit(MOST_READ)
    return tuple(
        Refusal(
            action=row.action,
            at=row.at,
            verb=row.verb,
            about=row.subject,
            next=row.next,
            seconds=row.next_seconds,
            gave_up=row.next is None and now - parse(row.at) > GAVE_UP_AFTER,
        )
        for row in connection.execute(found)
    )


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.0f} hours"
