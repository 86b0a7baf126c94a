"""Recording: what is told as recorded is signed, what is refused leaves nothing behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from greenlane.kit.database import Database
from greenlane.kit.errors import Unavailable
from greenlane.ledger import tables
from greenlane.ledger.append import Ledger, LedgerBehind
from greenlane.ledger.checkpoint import open_note
from greenlane.ledger.receipt import Receipt
from greenlane.ledger.seat import AnotherWriter
from greenlane.ledger.signer import LocalSigner
from greenlane.ledger.tree import leaf_hash, root_of


def receipt(number: int, **changes: object) -> Receipt:
    plain: dict[str, object] = {
        "id": f"rcp_{number}",
        "half": "noted",
        "action": {"id": f"act_{number}", "verb": "test.note", "subject": f"app:app-{number % 3}"},
        "process": "prc_1",
        "cause": None,
        "actor": [{"kind": "person", "id": f"p_{number % 2}"}],
        "at": "2026-01-01T00:00:00.000000Z",
    }
    return Receipt(**{**plain, **changes})


def stored(database: Database) -> list[tuple[int, bytes, bytes]]:
    with database.read() as connection:
        c = tables.receipt.c
        rows = connection.execute(select(c.seq, c.bytes, c.leaf).order_by(c.seq))
        return [(row.seq, bytes(row.bytes), bytes(row.leaf)) for row in rows]


def test_whoever_is_told_recorded_holds_a_receipt_under_a_signed_checkpoint(
    database: Database, ledger: Ledger, signer: LocalSigner
) -> None:
    for number in range(3):
        entry = ledger.append(receipt(number))
        note = ledger.newest_checkpoint()
        assert note is not None
        checkpoint = open_note(note, signer.key)
        assert (entry.seq, entry.size) == (number, checkpoint.size)
        assert checkpoint.root == root_of([leaf for _, _, leaf in stored(database)])
    assert [data for _, data, _ in stored(database)] == [receipt(n).encode() for n in range(3)]
    assert all(leaf == leaf_hash(data) for _, data, leaf in stored(database))


def test_many_threads_get_places_without_gaps(database: Database, ledger: Ledger) -> None:
    places: list[int] = []

    def several(start: int) -> None:
        places.extend(ledger.append(receipt(start + i)).seq for i in range(40))

    threads = [threading.Thread(target=several, args=(start * 100,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(places) == list(range(320))
    assert [seq for seq, _, _ in stored(database)] == list(range(320))


def test_rows_that_fail_take_only_their_own_receipt_with_them(database: Database, ledger: Ledger) -> None:
    gate = threading.Event()
    outcomes: dict[str, object] = {}

    def keep(name: str, rows: Callable[..., None] | None) -> None:
        try:
            outcomes[name] = ledger.append(receipt(1, id=name), rows)
        except ValueError as error:
            outcomes[name] = str(error)

    def put(digest: str) -> Callable[..., None]:
        return lambda connection: connection.execute(insert(tables.payload), {"digest": digest})

    def put_and_fail(connection: object) -> None:
        put("bad")(connection)
        raise ValueError("no")

    def hold(_connection: object) -> None:
        gate.wait(10)

    threads = [threading.Thread(target=keep, args=("first", hold))]
    threads[0].start()
    for name, rows in (("good", put("good")), ("bad", put_and_fail), ("plain", None), ("also", put("also"))):
        threads.append(threading.Thread(target=keep, args=(name, rows)))
        threads[-1].start()
    gate.set()
    for thread in threads:
        thread.join()
    assert outcomes["bad"] == "no"
    assert sorted(Receipt.decode(data).id for _, data, _ in stored(database)) == ["also", "first", "good", "plain"]
    with database.read() as connection:
        assert set(connection.scalars(select(tables.payload.c.digest))) == {"good", "also"}


def test_bookkeeping_rows_need_no_receipt(database: Database, ledger: Ledger) -> None:
    ledger.write(lambda connection: connection.execute(insert(tables.payload), {"digest": "x"}))
    with database.read() as connection:
        assert connection.scalars(select(tables.payload.c.digest)).all() == ["x"]
    assert stored(database) == []


def test_several_receipts_are_kept_together_or_not_at_all(database: Database, ledger: Ledger) -> None:
    def refuse(_connection: object) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        ledger.append_all([receipt(1), receipt(2)], refuse)
    entries = ledger.append_all([receipt(n) for n in range(600)])
    assert [one.seq for one in entries] == list(range(600))


def test_the_tables_refuse_to_change_or_delete_a_receipt(database: Database, ledger: Ledger) -> None:
    ledger.append_all([receipt(n) for n in range(300)])
    for statement in (
        update(tables.receipt).values(half="settled"),
        delete(tables.receipt).where(tables.receipt.c.seq == 3),
        update(tables.tile).values(root=b"x"),
        delete(tables.tile),
    ):
        with pytest.raises(DBAPIError, match="append-only"), database.engine.begin() as connection:
            connection.execute(statement)
    if database.dialect == "postgresql":
        with pytest.raises(DBAPIError, match="append-only"), database.engine.begin() as connection:
            connection.execute(text("TRUNCATE receipt"))


def test_a_restart_goes_on_where_the_tables_end(database: Database, signer: LocalSigner) -> None:
    for start in (0, 700, 1400):
        ledger = Ledger(database, signer)
        ledger.append_all([receipt(n) for n in range(start, start + 700)])
        ledger.close()
    leaves = [leaf for _, _, leaf in stored(database)]
    assert signer.head() == (2100, root_of(leaves))


def test_the_last_checkpoint_is_stored_when_it_is_quiet_or_closed(database: Database, signer: LocalSigner) -> None:
    ledger = Ledger(database, signer)
    ledger.append(receipt(1))
    ledger.close()
    with database.read() as connection:
        notes = connection.execute(select(tables.checkpoint)).all()
    assert [open_note(row.note, signer.key).size for row in notes] == [1]


def test_a_second_writer_is_refused_in_words(database: Database, ledger: Ledger, tmp_path: Path) -> None:
    other = Database(database.url)
    with pytest.raises(AnotherWriter, match="Another Greenlane server"):
        Ledger(other, LocalSigner(tmp_path / "other", origin="log.test"))
    ledger.close()
    Ledger(other, LocalSigner(tmp_path / "other", origin="log.test")).close()
    other.close()


def test_a_database_behind_what_was_signed_records_nothing(database: Database, signer: LocalSigner) -> None:
    leaves = [leaf_hash(b"gone") for _ in range(2)]
    signer.sign_checkpoint(2, root_of(leaves), [])
    ledger = Ledger(database, signer)
    with pytest.raises(LedgerBehind):
        ledger.append(receipt(1))
    assert stored(database) == []
    ledger.close()


def test_a_closed_ledger_says_so(database: Database, ledger: Ledger) -> None:
    ledger.close()
    with pytest.raises(Unavailable, match="stopping"):
        ledger.append(receipt(1))
