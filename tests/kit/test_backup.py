"""What is saved comes back bit for bit, a damaged file brings nothing back, and nothing is ever overwritten."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

import greenlane.main  # noqa: F401 - all tables are declared
from greenlane import migrations
from greenlane.kit.backup.manifest import BackupDamaged, BackupTrouble, Manifest
from greenlane.kit.backup.restore import restore
from greenlane.kit.backup.write import Plan, snapshot, write
from greenlane.kit.database import METADATA, Database
from greenlane.ledger.tables import payload, receipt

BYTES = bytes(range(256)) + b"\\.\t\n\x00"
"""Every byte, and what has a meaning of its own in PostgreSQL's COPY."""


def make_tables(database: Database, revision: str) -> None:
    migrations.upgrade(database.engine, revision)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    for name, content in {
        "keys/one.key": b"k",
        "blobs/ab/cdef": BYTES,
        "journal/000001.open": b"j",
        "run/s": b"",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def filled(database: Database) -> Database:
    with database.engine.begin() as connection:
        row = {"half": "noted", "at": "2026", "leaf": b"\x00", "subject": "a\tb\\N\n", "verb": None, "bytes": BYTES}
        connection.execute(insert(receipt), [{"seq": seq, **row} for seq in range(3)])
        connection.execute(insert(payload), {"digest": "sha256:x", "nonce": None, "sealed": None, "forgotten": "é"})
    return database


@pytest.fixture
def target(filled: Database, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the database goes: into the restored folder, or into a second PostgreSQL database."""
    if filled.dialect == "sqlite":
        return f"sqlite:///{tmp_path / 'back' / 'greenlane.db'}"
    with filled.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE IF EXISTS back WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE back"))
        name = connection.scalar(text("SELECT current_database()"))
    return filled.url.replace(f"/{name}", "/back")


def plan_of(folder: Path, database: Database) -> Plan:
    return Plan(folder, database.url, first=("keys",), moving=("journal",), left_out=("run",))


def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table))] for table in METADATA.sorted_tables
        }


def test_what_is_saved_comes_back_bit_for_bit(folder: Path, filled: Database, target: str, tmp_path: Path) -> None:
    file, back = tmp_path / "one.tar", tmp_path / "back"
    written = write(plan_of(folder, filled), file, version="1")
    assert restore(file, back, target, make_tables) == written
    restored = Database(target)
    assert everything(restored) == everything(filled)
    restored.close()
    kept = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and "run" not in path.parts}
    assert {path.relative_to(back) for path in back.rglob("*") if path.is_file() and ".db" not in path.suffix} == kept
    assert all((back / name).read_bytes() == (folder / name).read_bytes() for name in kept)
    assert file.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in back.rglob("*"))


def test_rows_that_are_written_meanwhile_are_not_half_in_it(
    folder: Path, filled: Database, target: str, tmp_path: Path
):
    with snapshot(filled) as connection:
        before = connection.scalar(text("SELECT count(*) FROM receipt"))
        with filled.engine.begin() as writing:
            writing.execute(insert(receipt), {"seq": 9, "half": "noted", "at": "2026", "leaf": b"", "bytes": b""})
        assert connection.scalar(text("SELECT count(*) FROM receipt")) == before


@pytest.fixture
def saved(folder: Path, tmp_path: Path) -> Path:
    database = Database(f"sqlite:///{folder / 'greenlane.db'}")
    migrations.upgrade(database.engine)
    plan = Plan(
        folder, database.url, first=("keys",), left_out=("run", "greenlane.db", "greenlane.db-wal", "greenlane.db-shm")
    )
    write(plan, tmp_path / "one.tar", version="1")
    database.close()
    return tmp_path / "one.tar"


def brought_back(file: Path, folder: Path) -> Manifest:
    return restore(file, folder, f"sqlite:///{folder / 'greenlane.db'}", make_tables)


def rewritten(file: Path, change: Callable[[tarfile.TarInfo, bytes], tuple[tarfile.TarInfo, bytes] | None]) -> Path:
    """A copy of a backup with its members changed; None leaves one out."""
    other = file.with_name("changed.tar")
    with tarfile.open(file) as source, tarfile.open(other, "w") as copy:
        for member in source:
            content = source.extractfile(member)
            assert content is not None
            if (changed := change(member, content.read())) is not None:
                changed[0].size = len(changed[1]) if changed[0].isreg() else 0
                copy.addfile(changed[0], io.BytesIO(changed[1]))
    return other


def flipped(member: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
    return member, data[:-1] + bytes([data[-1] ^ 1]) if member.name.startswith("files/blobs") else data


def missing(member: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes] | None:
    return None if member.name.startswith("files/keys") else (member, data)


def escaping(member: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
    member.name = member.name.replace("files/keys/one.key", "files/../../outside")
    return member, data


def absolute(member: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
    member.name = member.name.replace("files/keys/one.key", "/tmp/outside")
    return member, data


def linked(member: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
    if member.name.startswith("files/keys"):
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return member, data


def without_manifest(member: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes] | None:
    return None if member.name == "manifest.json" else (member, data)


@pytest.mark.parametrize("change", [flipped, missing, escaping, absolute, linked, without_manifest])
def test_a_changed_backup_brings_nothing_back(saved: Path, tmp_path: Path, change: Callable[..., None]) -> None:
    before = set(tmp_path.rglob("*"))
    with pytest.raises(BackupDamaged):
        brought_back(rewritten(saved, change), tmp_path / "back")
    assert set(tmp_path.rglob("*")) - before <= {tmp_path / "back", tmp_path / "changed.tar"}
    assert not Path("/tmp/outside").exists()


def test_a_backup_that_was_cut_short_brings_nothing_back(saved: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.tar"
    for size in (0, 600, saved.stat().st_size // 2):
        cut.write_bytes(saved.read_bytes()[:size])
        with pytest.raises(BackupTrouble):
            brought_back(cut, tmp_path / "back")
        assert list((tmp_path / "back").iterdir()) == []


def test_a_folder_with_something_in_it_is_never_written_to(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "mine").write_text("mine")
    with pytest.raises(BackupTrouble, match="not empty"):
        brought_back(saved, tmp_path / "back")
    assert [one.name for one in (tmp_path / "back").iterdir()] == ["mine"]


def test_the_database_goes_nowhere_but_into_the_folder(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupTrouble, match="outside"):
        restore(saved, tmp_path / "back", f"sqlite:///{tmp_path / 'elsewhere.db'}", make_tables)
    assert not (tmp_path / "elsewhere.db").exists()


def test_a_backup_overwrites_no_file_and_does_not_save_itself(saved: Path, folder: Path, tmp_path: Path) -> None:
    plan = Plan(folder, f"sqlite:///{folder / 'greenlane.db'}")
    with pytest.raises(BackupTrouble, match="already"):
        write(plan, saved, version="1")
    with pytest.raises(BackupTrouble, match="lies in the folder"):
        write(plan, folder / "inside.tar", version="1")


def test_a_backup_that_fails_leaves_no_half_file(folder: Path, tmp_path: Path) -> None:
    (folder / "greenlane.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(BackupTrouble):
        write(Plan(folder, f"sqlite:///{folder / 'greenlane.db'}"), tmp_path / "one.tar", version="1")
    assert [one.name for one in tmp_path.iterdir()] == ["data"]
