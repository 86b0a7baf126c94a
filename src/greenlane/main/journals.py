"""The journals of visits and of calls outside: what was counted there becomes leaves of the ledger, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import structlog

from greenlane.catalog import unused
from greenlane.edge.journal import last_opened
from greenlane.govern.effect import Rows
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import Clock
from greenlane.kit.database import Database
from greenlane.ledger.append import Ledger
from greenlane.ledger.journal import Sealer
from greenlane.runtime.egress import used

log = structlog.get_logger()


class Journals:
    """Takes what the edge and the way out wrote."""

    def __init__(self, folder: Path, ledger: Ledger, database: Database, blobs: Blobs, clock: Clock) -> None:
        self._views = Sealer(
            folder / "journal", ledger, database, keep=blobs.put, beside=_opened, clock=clock, series="journal"
        )
        self._calls = Sealer(
            folder / "egress-journal", ledger, database, keep=blobs.put, beside=_called, clock=clock, series="egress"
        )

    def seal_all(self) -> None:
        """Take every batch that is there. Raises ``JournalDamaged``."""
        for entry in self._views.seal_all():
            log.info("page views sealed", seq=entry.seq)
        for entry in self._calls.seal_all():
            log.info("calls outside sealed", seq=entry.seq)


def _opened(_batch: str, records: Sequence[bytes]) -> Rows:
    return partial(unused.opened, last=last_opened(records))


def _called(_batch: str, records: Sequence[bytes]) -> Rows:
    return partial(used.keep, records=records)
