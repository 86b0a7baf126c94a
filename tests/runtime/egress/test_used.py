"""What apps called, from the journal into the ledger and back."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import SystemClock
from greenlane.kit.database import Database
from greenlane.ledger import queries as ledger_queries
from greenlane.ledger.append import Ledger
from greenlane.ledger.journal import Sealer
from greenlane.ledger.signer import LocalSigner
from greenlane.runtime.egress import queries, used
from greenlane.runtime.egress.usage import UsageJournal


def record(host: str, **more: Any) -> dict[str, Any]:
    which = {"app": "board", "environment": "production", "deploy": "d1", "use": "run", "host": host, "port": 443}
    return {**which, "outcome": "allowed", "why": "", "times": 1, "sent": 10, "received": 20, **more}


@pytest.fixture
def ledger(database: Database, tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(database, LocalSigner(tmp_path / "signer", origin="log.test"))
    yield made
    made.close()


def test_what_was_written_becomes_a_leaf_and_can_be_read_back(
    tmp_path: Path, database: Database, ledger: Ledger
) -> None:
    folder = tmp_path / "egress-journal"
    journal = UsageJournal(folder, SystemClock())
    sealer = Sealer(
        folder,
        ledger,
        database,
        keep=Blobs(tmp_path / "blobs").put,
        beside=lambda _batch, records: partial(used.keep, records=records),
        series="egress",
    )
    refused = record("evil.test", outcome="refused", why="undeclared", sent=0, received=0)
    journal.write(
        deque(
            [record("api.example.com"), record("api.example.com", deploy="d2"), refused, record("x.test", app="desk")]
        )
    )
    journal.seal()
    journal.write(deque([record("api.example.com", sent=5)]))
    journal.seal()
    entries = sealer.seal_all()
    assert [entry.receipt.happened["records"] for entry in entries] == [4, 1]
    assert sealer.seal_all() == []
    with database.read() as connection:
        assert len(ledger_queries.entries(connection, verb="egress.seal")) == 2
        found = {one.host: one for one in queries.used(connection, "board")}
        assert queries.used(connection, "board", "2999-01-01") == []
    called = found["api.example.com"]
    assert (called.times, called.sent, called.received, called.outcome) == (3, 25, 60, "allowed")
    assert (found["evil.test"].outcome, found["evil.test"].why) == ("refused", "undeclared")
    assert "x.test" not in found
    journal.close()
