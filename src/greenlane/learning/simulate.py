"""Trying a policy pack on a mix of changes with seeded hazards: what goes by itself, what is held, what is missed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenlane.govern.decide import decide
from greenlane.govern.decision import Lane
from greenlane.govern.policy import Pack
from greenlane.learning.changes import HAZARDS, Seeded, changes
from greenlane.learning.waiting import Waiting, waiting


@dataclass(frozen=True, slots=True)
class Caught:
    """What became of one kind of hazard: closed or held by a person, gone on with safeguards, or missed (green)."""

    seeded: int
    stopped: int
    safeguarded: int
    missed: int


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a simulation. Shares are of all changes, unless a name says otherwise."""

    pack: str
    seed: int
    changes: int
    lanes: Mapping[str, int]
    hazards: Mapping[str, Caught]
    harmless: int
    harmless_held: int
    held_by: Mapping[str, int]
    """Which policies held harmless changes, and how many."""
    waiting: Waiting

    @property
    def automatic(self) -> float:
        """The share that went through without a person: green and amber."""
        return (self.lanes["green"] + self.lanes["amber"]) / max(1, self.changes)

    @property
    def held(self) -> float:
        """The share that waits for a person."""
        return self.lanes["red"] / max(1, self.changes)

    @property
    def caught(self) -> float:
        """The share of the hazards that was closed, held or safeguarded."""
        seeded = sum(one.seeded for one in self.hazards.values())
        return 1 - sum(one.missed for one in self.hazards.values()) / max(1, seeded)

    @property
    def false_holds(self) -> float:
        """The share of the harmless changes that was held or closed."""
        return self.harmless_held / max(1, self.harmless)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "pack": self.pack,
            "seed": self.seed,
            "changes": self.changes,
            "lanes": dict(self.lanes),
            "automatic": round(self.automatic, 4),
            "held": round(self.held, 4),
            "caught": round(self.caught, 4),
            "false_holds": round(self.false_holds, 4),
            "hazards": {
                name: {
                    "seeded": one.seeded,
                    "stopped": one.stopped,
                    "safeguarded": one.safeguarded,
                    "missed": one.missed,
                }
                for name, one in self.hazards.items()
            },
            "held_by": dict(self.held_by),
            "waiting": {
                "held": self.waiting.held,
                "median_minutes": round(self.waiting.median, 1),
                "nine_of_ten_minutes": round(self.waiting.nine_of_ten, 1),
                "longest_minutes": round(self.waiting.longest, 1),
                "reviewers_minutes": round(self.waiting.work, 1),
            },
        }


def simulate(pack: Pack, changes: int = 2000, seed: int = 1) -> Report:
    """Decide that many made-up changes with a pack. The same pack, number and seed give the same report."""
    decided = [(one, decide(one.verb, one.facts, pack)) for one in _made_up(changes, seed)]
    lanes = Counter(str(decision.lane) for _, decision in decided)
    harmless = [decision for one, decision in decided if not one.hazard]
    held = [decision for decision in harmless if decision.lane in {Lane.RED, Lane.CLOSED}]
    return Report(
        pack=pack.digest,
        seed=seed,
        changes=len(decided),
        lanes={str(lane): lanes[str(lane)] for lane in Lane},
        hazards={name: _caught([decision.lane for one, decision in decided if one.hazard == name]) for name in HAZARDS},
        harmless=len(harmless),
        harmless_held=len(held),
        held_by=dict(sorted(Counter(reason.policy for decision in held for reason in decision.reasons).items())),
        waiting=waiting(one.minute for one, decision in decided if decision.lane is Lane.RED),
    )


def _made_up(count: int, seed: int) -> list[Seeded]:
    return list(changes(count, seed))


def _caught(lanes: list[Lane]) -> Caught:
    counted = Counter(lanes)
    return Caught(
        seeded=len(lanes),
        stopped=counted[Lane.RED] + counted[Lane.CLOSED],
        safeguarded=counted[Lane.AMBER],
        missed=counted[Lane.GREEN],
    )


def render(report: Report) -> str:
    """The report as a page of text, ending with a newline."""
    lines = [f"{report.changes} changes, seed {report.seed}", ""]
    for lane in Lane:
        count = report.lanes[str(lane)]
        lines.append(f"  {lane:<8}{count:>6}  {count / max(1, report.changes):6.1%}  {lane.words}")
    lines += ["", f"  {'hazard':<36}{'seeded':>8}{'stopped':>9}{'safeguarded':>13}{'missed':>8}"]
    for name, one in report.hazards.items():
        lines.append(f"  {name:<36}{one.seeded:>8}{one.stopped:>9}{one.safeguarded:>13}{one.missed:>8}")
    waits = report.waiting
    lines += [
        "",
        f"  without a person      {report.automatic:6.1%}",
        f"  held for a person     {report.held:6.1%}",
        f"  hazards caught        {report.caught:6.1%}",
        f"  harmless but held     {report.false_holds:6.1%} of the harmless",
    ]
    lines += [f"    by {policy}: {count}" for policy, count in report.held_by.items()]
    lines += [
        "",
        f"  waiting for a person  half within {_time(waits.median)}, nine of ten within {_time(waits.nine_of_ten)}",
        f"  reviewers' work       {_time(waits.work)} (assumed: see greenlane.learning.waiting)",
    ]
    return "\n".join(lines) + "\n"


def _time(minutes: float) -> str:
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"
