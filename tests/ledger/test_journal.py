"""The journal: nothing acknowledged is lost, nothing is sealed twice, and one record can be proven."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from greenlane.kit.blobs import Blobs
from greenlane.kit.database import Database
from greenlane.ledger import proving, queries
from greenlane.ledger.append import Ledger
from greenlane.ledger.batches import Journal, read_batch
from greenlane.ledger.journal import JournalDamaged, Sealer, prove_record, records
from greenlane.ledger.proof import NotProven, Proof
from greenlane.ledger.signer import LocalSigner


def numbered(count: int, start: int = 0) -> list[bytes]:
    return [f"visit {number}".encode() for number in range(start, start + count)]


def fill(journal: Journal, lines: list[bytes]) -> None:
    for line in lines:
        journal.append(line)
    journal.sync()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def sealer(folder: Path, tmp_path: Path, ledger: Ledger, database: Database) -> Sealer:
    return Sealer(folder, ledger, database, keep=Blobs(tmp_path / "blobs").put)


def test_a_restart_goes_on_with_what_was_written(folder: Path) -> None:
    journal = Journal(folder)
    fill(journal, numbered(5))
    journal.close()
    journal = Journal(folder)
    assert (journal.count, journal.torn) == (5, 0)
    fill(journal, numbered(5, 5))
    sealed = journal.seal()
    journal.close()
    assert sealed is not None
    assert list(records(sealed.read_bytes())) == numbered(10)


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_torn_tail_costs_the_torn_record_alone_and_is_kept_aside(folder: Path, cut: int) -> None:
    journal = Journal(folder)
    fill(journal, numbered(5))
    before = next(folder.glob("*.open")).stat().st_size
    journal.append(b"x" * 80)
    journal.close()
    path = next(folder.glob("*.open"))
    os.truncate(path, path.stat().st_size - cut)
    journal = Journal(folder)
    assert journal.count == 5
    assert journal.torn == 36 + 80 - cut
    assert next(folder.glob("*.torn")).stat().st_size == journal.torn
    assert path.stat().st_size == before
    fill(journal, numbered(1, 5))
    assert list(records(path.read_bytes())) == numbered(6)
    journal.close()


def test_a_journal_killed_between_two_files_goes_on_in_the_newer_one(folder: Path) -> None:
    journal = Journal(folder)
    fill(journal, numbered(3))
    sealed = journal.seal()
    journal.close()
    assert sealed is not None
    sealed.rename(sealed.with_suffix(".open"))
    journal = Journal(folder)
    fill(journal, numbered(2, 3))
    journal.close()
    assert list(records(sealed.read_bytes())) == numbered(3)
    assert read_batch((folder / "000000000002.open").read_bytes()).before == read_batch(sealed.read_bytes()).after


def test_a_journal_killed_at_the_birth_of_a_file_goes_on_in_the_one_before(folder: Path) -> None:
    journal = Journal(folder)
    fill(journal, numbered(3))
    journal.close()
    (folder / "000000000002.open").write_bytes(b"short")
    journal = Journal(folder)
    assert journal.count == 3
    journal.close()


def test_each_batch_becomes_one_receipt_and_its_file_goes(folder: Path, sealer: Sealer, database: Database) -> None:
    journal = Journal(folder)
    for start in (0, 10, 20):
        fill(journal, numbered(10, start))
        journal.seal()
        sealer.seal_all()
    assert journal.seal() is None
    journal.close()
    assert not list(folder.glob("*.sealed"))
    with database.read() as connection:
        found = queries.entries(connection, verb="journal.seal")
    assert [one.receipt.happened["records"] for one in found] == [10, 10, 10]
    assert found[1].receipt.happened["chain_before"] == found[0].receipt.happened["chain_after"]


def test_a_crash_between_receipt_and_removal_seals_nothing_twice(
    folder: Path, sealer: Sealer, database: Database
) -> None:
    journal = Journal(folder)
    fill(journal, numbered(3))
    sealed = journal.seal()
    journal.close()
    assert sealed is not None
    data = sealed.read_bytes()
    (first,) = sealer.seal_all()
    sealed.write_bytes(data)
    (second,) = sealer.seal_all()
    assert first.seq == second.seq
    assert not sealed.exists()
    with database.read() as connection:
        assert queries.size(connection) == 1


@pytest.mark.parametrize("damage", ["edit", "cut", "other past"])
def test_a_damaged_batch_is_not_sealed(folder: Path, sealer: Sealer, damage: str) -> None:
    journal = Journal(folder)
    fill(journal, numbered(3))
    sealed = journal.seal()
    journal.close()
    assert sealed is not None
    data = sealed.read_bytes()
    changed = {
        "edit": data.replace(b"visit 1", b"visit 7"),
        "cut": data[:-3],
        "other past": b"x" * 32 + data[32:],
    }[damage]
    sealed.write_bytes(changed)
    with pytest.raises(JournalDamaged):
        sealer.seal_all()
    assert sealed.exists()


def test_one_record_is_proven_by_an_inner_and_an_outer_path(
    folder: Path, tmp_path: Path, sealer: Sealer, ledger: Ledger, database: Database, signer: LocalSigner
) -> None:
    journal = Journal(folder)
    fill(journal, numbered(77))
    journal.seal()
    journal.close()
    (entry,) = sealer.seal_all()
    ledger.close()
    kept = Blobs(tmp_path / "blobs").get(entry.receipt.happened["blob"])
    with database.read() as connection:
        data = queries.stored_bytes(connection, entry.seq)
        outer = proving.prove(connection, entry.seq)
    assert data is not None
    proven = prove_record(kept, 42, data, Proof.parse(str(outer)))
    proven.check(b"visit 42", signer.key)
    for wrong in (b"visit 43", b""):
        with pytest.raises(NotProven):
            proven.check(wrong, signer.key)


def test_a_journal_turns_to_its_next_file_without_waiting_for_the_disk(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"one")
    turned = journal.turn()
    journal.append(b"two")
    assert turned.finish().suffix == ".sealed"
    journal.close()
    again = Journal(tmp_path)
    again.append(b"three")
    again.close()
    batches = [read_batch(one.read_bytes()) for one in sorted(tmp_path.iterdir())]
    assert [one.records for one in batches] == [(b"one",), (b"two", b"three")]
    assert batches[1].before == batches[0].after


def test_what_was_written_behind_a_cut_is_set_aside(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"one")
    journal.append(b"two")
    journal.turn()
    journal.append(b"three")
    first = min(tmp_path.glob("*.open"))
    with first.open("r+b") as file:
        file.truncate(first.stat().st_size - 1)
    again = Journal(tmp_path)
    assert again.torn > 0
    assert again.count == 1
    again.append(b"four")
    again.seal()
    (sealed,) = tmp_path.glob("*.sealed")
    assert read_batch(sealed.read_bytes()).records == (b"one", b"four")
    assert len(list(tmp_path.glob("*.torn"))) == 2
    journal.close()
    again.close()
