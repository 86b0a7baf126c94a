"""Where the path rubs: what waited and how long, what people did after a refusal, uploads that nobody finished."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import Connection

from greenlane.kit.clock import parse
from greenlane.ledger import queries as ledger
from greenlane.ledger.receipt import Receipt

MOST_READ = 20_000
"""Receipts that are read back at most, the newest: some weeks of a busy organisation."""

MOST_TOLD = 50
"""Requests and refusals that are told one by one, the newest."""

GAVE_UP_AFTER = timedelta(days=1)
"""Who did nothing on the same subject within a day of a refusal has given up, or found another way."""

_ANSWERS = frozenset({"approved", "declined", "sent-back", "withdrawn", "expired"})


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
    """The friction on the record."""
    found = [one.receipt for one in ledger.entries(connection, limit=MOST_READ, newest_first=True)]
    settled = [one for one in found if one.half == "settled"]
    decided = [one for one in found if one.half == "decided"]
    return Friction(
        waits=_waits(settled, now),
        refusals=_refusals(settled, decided, now),
        outcomes=dict(Counter(str(one.happened["outcome"]) for one in settled if one.happened.get("outcome"))),
        abandoned_uploads=sum(1 for one in found if one.half == "noted" and one.happened.get("noted") == "abandoned"),
        asked_by=dict(Counter(reason["policy"] for one in decided for reason in _reasons(one)).most_common()),
    )


def _waits(settled: Sequence[Receipt], now: datetime) -> tuple[Wait, ...]:
    """Each time that people were asked, the newest first; a request that was sent back is asked again."""
    waits: list[Wait] = []
    open_: dict[str, Wait] = {}
    for one in reversed(settled):
        request = str(one.happened.get("request"))
        if one.happened.get("state") == "waiting":
            asked = Wait(request, one.at, str(one.action["subject"]), (now - parse(one.at)).total_seconds(), "waiting")
            open_[request] = asked
        elif one.happened.get("outcome") in _ANSWERS and (earlier := open_.pop(request, None)) is not None:
            seconds = one.happened["waited_ms"] / 1000
            waits.append(Wait(request, earlier.at, earlier.about, seconds, str(one.happened["outcome"])))
    return tuple(sorted([*waits, *open_.values()], key=lambda wait: wait.at, reverse=True))


def _refusals(settled: Sequence[Receipt], decided: Sequence[Receipt], now: datetime) -> tuple[Refusal, ...]:
    """Each refusal, the newest first, with the first thing that its person did then."""
    followed = {one.happened["after_refusal"]: one for one in decided if one.happened.get("after_refusal")}
    told = []
    for one in settled:
        if one.happened.get("state") != "refused":
            continue
        then = followed.get(str(one.action["id"]))
        told.append(
            Refusal(
                action=str(one.action["id"]),
                at=one.at,
                verb=str(one.action["verb"]),
                about=str(one.action["subject"]),
                next=None if then is None else str(then.action["verb"]),
                seconds=None if then is None else int(then.happened["after_seconds"]),
                gave_up=then is None and now - parse(one.at) > GAVE_UP_AFTER,
            )
        )
    return tuple(told)


def _reasons(one: Receipt) -> list[dict[str, Any]]:
    """The policies that made a person necessary."""
    if one.decided.get("lane") != "red" or one.decided.get("approved"):
        return []
    reasons: list[dict[str, Any]] = one.decided["reasons"]
    return reasons


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.0f} hours"
