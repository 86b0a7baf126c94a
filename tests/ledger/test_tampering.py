"""The eight tamperings, done to the raw file as somebody with the disk would, each found by us and by others' code.

The attacker drops the triggers, and where it says *thorough* recomputes leaf hashes, tiles and look-up columns too, so
that the file is consistent in itself. For a fork they have even stolen the log's key.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from greenlane.kit.database import Database
from greenlane.ledger.append import Ledger
from greenlane.ledger.checkpoint import Checkpoint, sign
from greenlane.ledger.receipt import Receipt
from greenlane.ledger.report import Report
from greenlane.ledger.signer import LocalSigner, own_key
from greenlane.ledger.tables import receipt as receipt_table
from greenlane.ledger.tiles import Tiles
from greenlane.ledger.tree import leaf_hash, root_of
from greenlane.ledger.trust import Trust
from greenlane.ledger.verify import NoLedger, verify_folder
from greenlane.ledger.watermark import Watermark
from greenlane.ledger.witness import Forwarder, LocalWitness

from .conftest import migrate, receipt
from .outside import OutsideSaysNo, look

ORIGIN = "log.test"


class House:
    """A stopped server's data folder, with 700 receipts in seven groups, all signed and witnessed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "greenlane.db"
        database = Database(f"sqlite:///{self.file}")
        migrate(database)
        signer = LocalSigner(folder / "signer", origin=ORIGIN)
        self.witness = LocalWitness(folder / "witness", name="witness.test", log=signer.key)
        self.trust = Trust.of(signer.public(), self.witness.key)
        self.trust.write(folder / "trust.json")
        database.close()
        self.record(0, 300)
        shutil.copytree(folder, folder.parent / "old copy")
        self.record(300, 700)

    def record(self, start: int, end: int) -> None:
        database = Database(f"sqlite:///{self.file}")
        ledger = Ledger(database, LocalSigner(self.folder / "signer", origin=ORIGIN))
        forwarder = Forwarder(ledger, database, self.witness, every=0.01)
        for at in range(start, end, 100):
            ledger.append_all([receipt(number) for number in range(at, at + 100)])
        while forwarder.standing().seen < end:
            assert not forwarder.standing().trouble
        forwarder.close()
        ledger.close()
        database.close()

    @contextmanager
    def broken_open(self) -> Iterator[sqlite3.Connection]:
        """The file as an attacker opens it: no trigger left."""
        with closing(sqlite3.connect(self.file)) as connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            yield connection
            connection.commit()

    def bytes(self) -> list[bytes]:
        with closing(sqlite3.connect(self.file)) as connection:
            return [row[0] for row in connection.execute("SELECT bytes FROM receipt ORDER BY seq")]

    def rewrite(self, records: list[bytes]) -> None:
        """Thorough: another past, consistent in itself down to the tiles and the look-up columns."""
        leaves = [leaf_hash(data) for data in records]
        columns = ", ".join(receipt_table.columns.keys())
        with self.broken_open() as connection:
            connection.execute("DELETE FROM receipt")
            connection.execute("DELETE FROM tile")
            connection.executemany(
                f"INSERT INTO receipt ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (seq, *Receipt.decode(data).keys(), leaf, data)
                    for seq, (data, leaf) in enumerate(zip(records, leaves, strict=True))
                ],
            )
            full = Tiles(None, 0).grow(leaves)
            connection.executemany("INSERT INTO tile (level, position, root, hashes) VALUES (?, ?, ?, ?)", full)

    def found(self) -> Report:
        return verify_folder(self.folder, self.trust)


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "data").mkdir()
    return House(tmp_path / "data")


def edited(data: bytes) -> bytes:
    return data.replace(b"test.note", b"test.nope")


def edit(house: House) -> None:
    with house.broken_open() as connection:
        connection.execute("UPDATE receipt SET bytes = ? WHERE seq = 150", (edited(house.bytes()[150]),))


def edit_thorough(house: House) -> None:
    records = house.bytes()
    records[150] = edited(records[150])
    house.rewrite(records)


def delete(house: House) -> None:
    with house.broken_open() as connection:
        connection.execute("DELETE FROM receipt WHERE seq = 150")


def delete_thorough(house: House) -> None:
    records = house.bytes()
    del records[150]
    house.rewrite(records)


def cut_tail(house: House) -> None:
    house.rewrite(house.bytes()[:650])


def cut_tail_thorough(house: House) -> None:
    house.rewrite(house.bytes()[:600])
    with house.broken_open() as connection:
        connection.execute("DELETE FROM checkpoint WHERE size > 600")
    shutil.rmtree(house.folder / "signer")


def reorder(house: House) -> None:
    records = house.bytes()
    records[150], records[151] = records[151], records[150]
    house.rewrite(records)


def insert(house: House) -> None:
    records = house.bytes()
    records.insert(150, receipt(9999).encode())
    house.rewrite(records)


def insert_at_the_end(house: House) -> None:
    house.rewrite([*house.bytes(), receipt(9999).encode()])


def swap_key(house: House) -> None:
    """Edit, and sign everything anew with a key of one's own."""
    shutil.rmtree(house.folder / "signer")
    edit_thorough(house)
    LocalSigner(house.folder / "signer", origin=ORIGIN)
    resign(house)


def swap_key_and_trust(house: House) -> None:
    """The folder's own trust root as well: the auditor's copy of it is what tells."""
    swap_key(house)
    trust = Trust.of(LocalSigner(house.folder / "signer", origin=ORIGIN).public(), house.witness.key)
    trust.write(house.folder / "trust.json")


def fork(house: House) -> None:
    """Another past of the same size, signed with the stolen key, the signer's memory replaced."""
    edit_thorough(house)
    resign(house)


def roll_back(house: House) -> None:
    """An old copy of database and signer put back whole: only the witness remembers."""
    old = house.folder.parent / "old copy"
    for left in house.folder.glob("greenlane.db*"):
        left.unlink()
    shutil.copy(old / "greenlane.db", house.file)
    shutil.rmtree(house.folder / "signer")
    shutil.copytree(old / "signer", house.folder / "signer")


def resign(house: House) -> None:
    """Sign every stored checkpoint anew with whatever key lies in the signer's folder."""
    leaves = [leaf_hash(data) for data in house.bytes()]
    key = own_key(house.folder / "signer" / "log.pem")
    with house.broken_open() as connection:
        for (size,) in connection.execute("SELECT size FROM checkpoint ORDER BY size").fetchall():
            note = str(sign(Checkpoint(ORIGIN, size, root_of(leaves[:size])), ORIGIN, key))
            connection.execute("UPDATE checkpoint SET note = ? WHERE size = ?", (note, size))
    memory = house.folder / "signer" / "watermark"
    memory.unlink()
    mark = Watermark(memory)
    mark.rise(note)
    mark.close()


TAMPERINGS: list[tuple[Callable[[House], None], int]] = [
    (edit, 150),
    (edit_thorough, 100),
    (delete, 150),
    (delete_thorough, 100),
    (cut_tail, 650),
    (cut_tail_thorough, 600),
    (reorder, 100),
    (insert, 100),
    (insert_at_the_end, 700),
    (swap_key, 0),
    (swap_key_and_trust, 0),
    (fork, 0),
    (roll_back, 300),
]
"""Each tampering and the first receipt that can no longer be relied on: exactly where a hash tells, and otherwise the
first after the last checkpoint that still agrees."""


def test_an_untouched_ledger_holds_for_us_and_for_others(house: House) -> None:
    report = house.found()
    assert (report.fault, report.size, report.signed, report.witnessed) == (None, 700, 700, 700)
    look(house.folder, str(house.trust.log), str(house.trust.witness))


@pytest.mark.parametrize(("tampering", "seq"), TAMPERINGS, ids=[one.__name__ for one, _ in TAMPERINGS])
def test_tampering_is_found_by_us_and_by_others(house: House, tampering: Callable[[House], None], seq: int) -> None:
    tampering(house)
    report = house.found()
    assert report.fault is not None
    assert report.fault.seq == seq
    assert str(report.fault.seq) in report.words()[0]
    with pytest.raises(OutsideSaysNo):
        look(house.folder, str(house.trust.log), str(house.trust.witness))


@pytest.mark.parametrize("column", ["action", "verb", "subject", "person", "process", "lane", "half", "at", "leaf"])
def test_a_changed_column_is_found_though_the_bytes_are_untouched(house: House, column: str) -> None:
    with house.broken_open() as connection:
        connection.execute(f"UPDATE receipt SET {column} = ? WHERE seq = 42", (b"x" * 32 if column == "leaf" else "x",))
    report = house.found()
    assert report.fault is not None
    assert report.fault.seq == 42


@pytest.mark.parametrize("change", ["root = x'00'", "hashes = x'00'", "position = 99", "level = 7"])
def test_a_changed_tile_is_found(house: House, change: str) -> None:
    with house.broken_open() as connection:
        connection.execute(f"UPDATE tile SET {change} WHERE level = 0 AND position = 1")
    report = house.found()
    assert report.fault is not None
    assert report.fault.seq == 256


def test_a_server_that_is_writing_is_verified_as_far_as_it_has_signed(house: House) -> None:
    database = Database(f"sqlite:///{house.file}")
    ledger = Ledger(database, LocalSigner(house.folder / "signer", origin=ORIGIN))
    ledger.append(receipt(700))
    assert house.found().holds
    ledger.close()
    database.close()
    assert house.found().signed == 701


def test_a_folder_without_a_ledger_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NoLedger):
        verify_folder(tmp_path)


def test_a_witness_restored_from_the_same_old_copy_proves_nothing(house: House) -> None:
    """What the documentation says, kept honest: put all of it back together, and nothing here can notice."""
    shutil.rmtree(house.folder)
    shutil.copytree(house.folder.parent / "old copy", house.folder)
    assert house.found().holds
