"""A full disk and a database that goes away: told in words, nothing lost, and over by themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from greenlane.kit.database import Database
from greenlane.kit.errors import StorageFull, Unavailable
from greenlane.ledger.append import Ledger
from greenlane.ledger.receipt import Receipt
from greenlane.ledger.signer import LocalSigner
from greenlane.ledger.trust import Trust
from greenlane.ledger.verify import verify


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_full_disk_is_told_and_recording_goes_on_when_there_is_room(
    database: Database, signer: LocalSigner, receipt: Callable[..., Receipt]
) -> None:
    room = {"pages": 80}

    def limit(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={room['pages']}")

    event.listen(database.engine, "connect", limit)
    database.engine.dispose()
    ledger = Ledger(database, signer)
    kept = 0
    told = None
    while told is None and kept < 1000:
        try:
            ledger.append(receipt(kept, happened={"words": "x" * 3000}))
            kept += 1
        except StorageFull as error:
            told = error.message
    assert told is not None
    assert "no room left" in told
    for _ in range(3):
        with pytest.raises(StorageFull):
            ledger.append_all([receipt(kept, happened={"words": "x" * 3000})] * 20)
    room["pages"] = 1_000_000
    entry = ledger.append(receipt(kept))
    assert entry.seq == kept
    ledger.close()
    assert verify(database, Trust.of(signer.public())).holds


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_that_goes_away_is_told_and_found_again(
    database: Database, signer: LocalSigner, receipt: Callable[..., Receipt]
) -> None:
    ledger = Ledger(database, signer, patience=0.2)
    ledger.append(receipt(0))
    _shut(database, away=True)
    with pytest.raises(Unavailable):
        ledger.append(receipt(1))
    _shut(database, away=False)
    assert ledger.append(receipt(2)).seq == 1
    ledger.close()
    assert verify(database, Trust.of(signer.public())).size == 2


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_lost_connection_between_two_receipts_loses_neither(
    database: Database, signer: LocalSigner, receipt: Callable[..., Receipt]
) -> None:
    ledger = Ledger(database, signer)
    kept = []
    for number in range(4):
        _disconnect(database)
        try:
            kept.append(ledger.append(receipt(number)).seq)
        except Unavailable:
            kept.append(ledger.append(receipt(number)).seq)
    assert kept == [0, 1, 2, 3]
    ledger.close()
    assert verify(database, Trust.of(signer.public())).size == 4


def _administer(database: Database, statement: str) -> None:
    address = database.engine.url.set(drivername="postgresql", database="postgres").render_as_string(
        hide_password=False
    )
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement)


def _disconnect(database: Database) -> None:
    name = database.engine.url.database
    _administer(
        database,
        f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'",
    )


def _shut(database: Database, *, away: bool) -> None:
    _administer(database, f'ALTER DATABASE "{database.engine.url.database}" ALLOW_CONNECTIONS {not away}')
    if away:
        _disconnect(database)
