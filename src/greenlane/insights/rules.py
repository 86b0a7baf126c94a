"""The rules in force as people read them, with what each decided lately and what people answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import Connection, select

from greenlane.govern.policy import SAFEGUARDS, Pack, Policy
from greenlane.insights import figures, tallying
from greenlane.insights.tables import STREAK
from greenlane.kit.clock import stamp

LATELY = 30
"""Days that count as lately."""

ALWAYS_YES = 30
"""Approvals in a row, none of them rolled back, after which a rule is worth a question (notes on attention: a rule whose
answers are always yes is a fault in the policy)."""

SUBJECTS: Mapping[str, str] = {
    "rights.cedar": "Who may do what",
    "audience.cedar": "Who can open an app",
    "visitors.cedar": "Who is let in from outside an audience",
    "models.cedar": "Calls to models",
    "change.cedar": "What a change brings with it",
    "safety.cedar": "What is not possible, or needs a second look",
    "agents.cedar": "What agents make",
    "sessions.cedar": "How somebody is signed in",
}
"""The files of the default pack, by what they are about. Any other file is the organisation's own."""

OWN = "Your organisation’s own rules"


@dataclass(frozen=True, slots=True)
class Rule:
    """One policy with its lately. ``answers`` counts what people said when it asked; ``approved`` how often in a row.

    ``own``: the organisation added or replaced it. ``replaces``: there is one of that id in the default pack.
    """

    policy: Policy
    safeguards: tuple[str, ...]
    decided: int
    answers: tuple[tuple[str, int], ...]
    approved: int
    own: bool
    replaces: bool

    @property
    def always_yes(self) -> bool:
        """Whether people have only ever agreed for long."""
        return self.approved >= ALWAYS_YES


def rules(connection: Connection, pack: Pack, now: datetime) -> dict[str, list[Rule]]:
    """The rules by what they are about, in the order of their files; the organisation's own first."""
    since = stamp(now - timedelta(days=LATELY - 1))
    decided = figures.numbers(connection, tallying.POLICY, since)
    answers = figures.numbers(connection, tallying.ANSWER, since)
    running = {row.policy: int(row.approved) for row in connection.execute(select(STREAK))}
    default = _default()
    found: dict[str, list[Rule]] = {OWN: [], **{subject: [] for subject in SUBJECTS.values()}}
    for one in sorted(pack.policies, key=lambda one: (one.file, one.line)):
        own = default.get(one.id) != one.digest
        rule = Rule(
            policy=one,
            safeguards=tuple(SAFEGUARDS[name] for name in one.safeguards),
            decided=decided.get(one.id, 0),
            answers=tuple(_answers(answers, one.id)),
            approved=running.get(one.id, 0),
            own=own,
            replaces=own and one.id in default,
        )
        found[OWN if own else SUBJECTS.get(one.file, OWN)].append(rule)
    return {subject: here for subject, here in found.items() if here}


def _answers(answers: Mapping[str, int], policy: str) -> Iterator[tuple[str, int]]:
    for name, number in answers.items():
        about, _, outcome = name.rpartition(" ")
        if about == policy:
            yield outcome, number


@lru_cache(maxsize=1)
def _default() -> dict[str, str]:
    """The digests of the default pack's policies by id."""
    return {one.id: one.digest for one in Pack.default().policies}


def number_of(found: Mapping[str, Sequence[Rule]]) -> int:
    """How many rules there are."""
    return sum(len(here) for here in found.values())
