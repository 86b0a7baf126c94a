"""Checking the whole record of a running server: every byte of the ledger, every decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from greenlane.govern.policies import Policies
from greenlane.govern.replay import replay_all
from greenlane.kit.database import Database
from greenlane.kit.errors import Unavailable
from greenlane.ledger import queries as ledger
from greenlane.ledger.payload import Payloads
from greenlane.ledger.trust import Trust
from greenlane.ledger.verify import verify
from greenlane.ledger.witness import Witness

PAGE = 1000
"""Receipts that are read at once."""


@dataclass(frozen=True, slots=True)
class Checking:
    """What is needed to check: the keys, the witness's memory, the payloads' key, every pack that ever decided."""

    database: Database
    trust: Trust
    witness: Witness
    payloads: Payloads
    policies: Policies

    def verify(self, at_step: Callable[[str], None] = lambda _step: None) -> dict[str, Any]:
        """Every byte, the signatures, and the witness's last word; a witness that is away has none.

        ``at_step`` hears which step begins.
        """
        try:
            witnessed = self.witness.note()
        except Unavailable:
            witnessed = None
        report = verify(
            self.database,
            self.trust,
            witnessed=witnessed,
            payloads=self.payloads,
            running=True,
            at_step=at_step,
        )
        return {
            "ok": report.holds,
            "receipts": report.size,
            "signed": report.signed,
            "witnessed": report.witnessed,
            "payloads": report.payloads,
            "first_bad": report.fault and {"seq": report.fault.seq, "reason": report.fault.reason},
            "words": report.words(),
        }

    def replay(self) -> dict[str, Any]:
        """Make every recorded decision again and name those that come out otherwise."""
        blocks: list[Mapping[str, Any]] = []
        places: list[int] = []
        after = -1
        with self.database.read() as connection:
            while page := ledger.entries(connection, after=after, limit=PAGE):
                after = page[-1].seq
                decided = [entry for entry in page if entry.receipt.half == "decided"]
                blocks += [entry.receipt.decided for entry in decided]
                places += [entry.seq for entry in decided]
        found = replay_all(blocks, self.policies.by_digest)
        return {
            "replayed": found.decisions,
            "differences": [
                {"seq": places[place], "differs": [asdict(one) for one in differences]}
                for place, differences in found.differences.items()
            ],
        }
