"""Where the path rubs: what waited and how long, what people did after a refusal, uploads that nobody finished."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import Connection

from greenlane.ledger import queries as ledger
from greenlane.ledger.receipt import Receipt

MOST_READ = 20_000
"""Receipts that are read back at most, the newest: some weeks of a busy organisation."""


@dataclass(frozen=True, slots=True)
class Friction:
    """Times in seconds. ``after_refusal`` counts what followed a refusal, verb by verb; ``gave_up`` what nothing did."""

    requests: int
    waited_median: float
    waited_longest: float
    outcomes: dict[str, int]
    refused: int
    after_refusal: dict[str, int]
    gave_up: int
    abandoned_uploads: int
    asked_by: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON values, with a sentence."""
        return {
            "sentence": self.sentence(),
            "requests": self.requests,
            "waited_median_seconds": self.waited_median,
            "waited_longest_seconds": self.waited_longest,
            "outcomes": self.outcomes,
            "refused": self.refused,
            "after_refusal": self.after_refusal,
            "gave_up": self.gave_up,
            "abandoned_uploads": self.abandoned_uploads,
            "asked_by": self.asked_by,
        }

    def sentence(self) -> str:
        """The figures in words."""
        waited = (
            f"People were asked {self.requests} times and took {_duration(self.waited_median)} in the middle case."
            if self.requests
            else "Nobody had to be asked."
        )
        refused = (
            f" {self.refused} actions were not possible; after {sum(self.after_refusal.values())} of them the person"
            " tried again."
            if self.refused
            else ""
        )
        left = f" {self.abandoned_uploads} uploads were never deployed." if self.abandoned_uploads else ""
        return waited + refused + left


def of(connection: Connection, now: datetime) -> Friction:
    """The friction on the record."""
    found = [one.receipt for one in ledger.entries(connection, limit=MOST_READ, newest_first=True)]
    settled = [one for one in found if one.half == "settled"]
    decided = [one for one in found if one.half == "decided"]
    ended = [one for one in settled if one.happened.get("outcome")]
    waits = [one.happened["waited_ms"] / 1000 for one in ended if "waited_ms" in one.happened]
    refused = [one for one in settled if one.happened.get("state") == "refused"]
    followed = [one for one in decided if one.happened.get("after_refusal")]
    answered = {one.happened["after_refusal"] for one in followed}
    return Friction(
        requests=sum(1 for one in settled if one.happened.get("state") == "waiting"),
        waited_median=median(waits) if waits else 0.0,
        waited_longest=max(waits, default=0.0),
        outcomes=dict(Counter(str(one.happened["outcome"]) for one in ended)),
        refused=len(refused),
        after_refusal=dict(Counter(str(one.action["verb"]) for one in followed)),
        gave_up=sum(1 for one in refused if one.action["id"] not in answered and _old(one, now)),
        abandoned_uploads=sum(1 for one in found if one.half == "noted" and one.happened.get("noted") == "abandoned"),
        asked_by=dict(Counter(r["policy"] for one in decided for r in _reasons(one))),
    )


def _reasons(one: Receipt) -> list[dict[str, Any]]:
    """The policies that made a person necessary."""
    if one.decided.get("lane") != "red" or one.decided.get("approved"):
        return []
    reasons: list[dict[str, Any]] = one.decided["reasons"]
    return reasons


def _old(one: Receipt, now: datetime) -> bool:
    """Whether a day went by since, in which the person could have tried again."""
    return (now - datetime.fromisoformat(one.at)).total_seconds() > 86_400


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.0f} hours"
