"""What a changed policy would have decided: the last decisions on the record, made again under other rules.

Facts are those that were recorded. Nothing is changed, and nothing is carried out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from greenlane.govern.decide import decide
from greenlane.govern.facts import Facts
from greenlane.govern.policy import Pack
from greenlane.insights import search
from greenlane.insights.search import Told
from greenlane.insights.veiling import NOBODY
from greenlane.ledger import queries as ledger
from greenlane.ledger.receipt import Entry

DECISIONS = 1000
"""Decisions that are made again, the newest."""

MOST_TOLD = 10
"""Changes that are told one by one."""

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Otherwise:
    """One decision that would come out otherwise, with the sentence that says why it would."""

    told: Told
    before: str
    after: str
    why: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would change: how many decisions were looked at, how many went which way, and some of them.

    ``moves`` counts by lane before and after, and holds only what differs.
    """

    decisions: int
    moves: tuple[tuple[str, str, int], ...]
    examples: tuple[Otherwise, ...]

    @property
    def changed(self) -> int:
        """How many would go another lane."""
        return sum(number for _, _, number in self.moves)


def rehearse(connection: Connection, pack: Pack) -> Rehearsal:
    """Decide the last ``DECISIONS`` of the record again under a pack. Approvals that counted then count again."""
    moves: Counter[tuple[str, str]] = Counter()
    kept: list[tuple[Entry, str, str]] = []
    number = 0
    for entry in _decisions(connection):
        block = entry.receipt.decided
        fresh = decide(block["verb"], Facts.from_dict(block["facts"]), pack, approved=block["approved"])
        number += 1
        if str(fresh.lane) != block["lane"]:
            moves[block["lane"], str(fresh.lane)] += 1
            if len(kept) < MOST_TOLD:
                kept.append((entry, str(fresh.lane), fresh.reasons[0].says if fresh.reasons else ""))
    told = search.tell(connection, [entry for entry, _, _ in kept], NOBODY)
    return Rehearsal(
        number,
        tuple((before, after, count) for (before, after), count in moves.most_common()),
        tuple(
            Otherwise(one, str(entry.receipt.decided["lane"]), after, why)
            for one, (entry, after, why) in zip(told, kept, strict=True)
        ),
    )


def _decisions(connection: Connection) -> Iterator[Entry]:
    """The newest first halves, at most ``DECISIONS``."""
    before: int | None = None
    left = DECISIONS
    while left > 0:
        page = ledger.entries(connection, before=before, limit=_PAGE, newest_first=True)
        for entry in page:
            if entry.receipt.half == "decided" and left > 0:
                left -= 1
                yield entry
        if len(page) < _PAGE:
            return
        before = page[-1].seq
