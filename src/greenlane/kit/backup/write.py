"""Writing a backup while the server goes on writing."""

from __future__ import annotations

import os
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast

import psycopg
from psycopg import sql
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from greenlane.kit.backup.manifest import (
    DATABASE,
    FILES,
    MANIFEST,
    PIECE,
    BackupTrouble,
    Hashed,
    Kept,
    Manifest,
    postgres,
    reason,
)
from greenlane.kit.clock import stamp
from greenlane.kit.database import METADATA, Database

TRIES = 20
"""How often a moment is looked for at which no file was just being taken into the database."""

PAUSE = 0.1
"""Seconds until another moment is looked at, where something was under way."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is saved, and in which order it must be read. All names are names of entries of ``folder``.

    ``first``: read before the database's moment, because they must never be newer than the database.
    ``moving``: folders whose files disappear once the database has taken them in; read at the database's moment.
    ``left_out``: made anew by themselves; paths within the folder may stand there, too. Everything else is read last:
    files that are written once.
    """

    folder: Path
    database: str
    first: tuple[str, ...] = ()
    moving: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    complete: Callable[[Connection], bool] = lambda _connection: True
    """Whether a moment of the database is a good one: it is waited for a little, and not for ever."""


def write(plan: Plan, file: Path, *, version: str) -> Manifest:
    """Write a backup, all of it or nothing, readable by its owner alone. Raises ``BackupTrouble``."""
    if file.exists():
        raise BackupTrouble(f"There is a file {file} already.", next_step="Name another one; nothing is overwritten.")
    if file.resolve().is_relative_to(plan.folder.resolve()):
        raise BackupTrouble(
            f"{file} lies in the folder that it is to save.", next_step="Name a file elsewhere, best on another disk."
        )
    draft = file.with_name(f"{file.name}.part")
    database = Database(plan.database)
    try:
        with (
            os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out,
            tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as scratch,
        ):
            manifest = _write(plan, database, out, Path(scratch), version)
            out.flush()
            os.fsync(out.fileno())
        draft.rename(file)
    except PermissionError as error:
        raise BackupTrouble(
            f"{error.filename} may not be read or written by this user.",
            next_step="Run the backup as the user who runs the server, or as root.",
            detail=str(error),
        ) from error
    except (OSError, sqlite3.Error, psycopg.Error, DBAPIError) as error:
        raise BackupTrouble(
            f"The backup could not be written: {reason(error)}.",
            next_step="Look for room on the disk and for a database that answers, then write it again.",
            detail=repr(error),
        ) from error
    finally:
        draft.unlink(missing_ok=True)
        database.close()
    return manifest


def _write(plan: Plan, database: Database, out: IO[bytes], scratch: Path, version: str) -> Manifest:
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        writer = _Writer(archive)
        for name, path in _files(plan.folder, plan.first):
            writer.add(f"{FILES}/{name}", path)
        with _moment(plan, database, writer) as connection:
            if database.dialect == "sqlite":
                tables: dict[str, list[str]] = {}
                writer.add(f"{DATABASE}/sqlite", _sqlite_copy(connection, scratch / "sqlite"))
            else:
                tables = {str(one.name): [str(column.name) for column in one.columns] for one in METADATA.sorted_tables}
                for table, columns in tables.items():
                    copied = _table_copy(connection, table, columns, scratch / table)
                    writer.add(f"{DATABASE}/{table}", copied)
                    copied.unlink()
            revision = str(connection.scalar(text("SELECT version_num FROM alembic_version")))
        named = {*plan.first, *plan.moving, *plan.left_out}
        rest = sorted(one.name for one in plan.folder.iterdir() if one.name not in named)
        inner = tuple(f"{one}/" for one in plan.left_out)
        for name, path in _files(plan.folder, rest):
            if not name.startswith(inner):
                writer.add(f"{FILES}/{name}", path)
        made = stamp(datetime.fromtimestamp(time.time(), UTC))
        manifest = Manifest(made, version, database.dialect, revision, tables, dict(writer.members))
        writer.close_with(manifest)
    return manifest


@contextmanager
def _moment(plan: Plan, database: Database, writer: _Writer) -> Iterator[Connection]:
    """A connection that sees the database as it is now, whatever is written meanwhile, with the files that belong to it."""
    for attempt in range(TRIES):
        before = {_bare(name) for name, _ in _files(plan.folder, plan.moving)}
        with snapshot(database) as connection:
            if attempt < TRIES // 2 and not plan.complete(connection):
                time.sleep(PAUSE)  # what is under way is complete a moment later; under constant load it never is
                continue
            moving = _read_all(plan)
            if moving is None or before - {_bare(name) for name in moving}:
                continue  # one was just taken in, and nobody knows on which side of the moment
            for name, data in moving.items():
                writer.add_bytes(f"{FILES}/{name}", data)
            yield connection
            return
    raise BackupTrouble("The server is too busy for a consistent copy.", next_step="Try again in a quieter moment.")


@contextmanager
def snapshot(database: Database) -> Iterator[Connection]:
    """A transaction for reading that has begun: it sees nothing that is written from here on."""
    with database.engine.connect() as fresh:
        connection = fresh
        if database.dialect == "sqlite":
            _sqlite(connection).isolation_level = None
            connection.exec_driver_sql("BEGIN")
        else:
            connection = fresh.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        connection.execute(text("SELECT version_num FROM alembic_version")).all()
        yield connection
        connection.rollback()


def _bare(name: str) -> str:
    """A file's name without what tells how far it has come."""
    return name.rpartition(".")[0]


def _read_all(plan: Plan) -> dict[str, bytes] | None:
    """The moving files; None when one of them moved while they were read."""
    try:
        return {name: path.read_bytes() for name, path in _files(plan.folder, plan.moving)}
    except FileNotFoundError:
        return None


def _files(folder: Path, names: tuple[str, ...] | list[str]) -> Iterator[tuple[str, Path]]:
    """The regular files under some entries of a folder, with their names in it. Links inside are not followed."""
    for name in names:
        top = folder / name
        if top.is_file():
            yield name, top
        for found, folders, files in os.walk(top, onerror=_complain):
            folders.sort()
            for one in sorted(files):
                path = Path(found, one)
                if path.is_file() and not path.is_symlink():
                    yield path.relative_to(folder).as_posix(), path


def _complain(error: OSError) -> None:
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise error


class _Writer:
    """Adds members to the archive and keeps their digests."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self.members: dict[str, Kept] = {}

    def add(self, name: str, path: Path) -> None:
        """A file with as many bytes as it has now; one that has just gone is none."""
        try:
            with path.open("rb") as file:
                self._add(name, file, os.fstat(file.fileno()).st_size)
        except FileNotFoundError:
            return

    def add_bytes(self, name: str, data: bytes) -> None:
        """Bytes at hand."""
        with tempfile.SpooledTemporaryFile(PIECE) as file:
            file.write(data)
            file.seek(0)
            self._add(name, cast(IO[bytes], file), len(data))

    def _add(self, name: str, file: IO[bytes], size: int) -> None:
        reading = Hashed(file)
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = size, 0o600, int(time.time())
        self._archive.addfile(member, cast(IO[bytes], reading))
        self.members[name] = Kept(size, reading.hash.hexdigest())

    def close_with(self, manifest: Manifest) -> None:
        """The last member."""
        self.add_bytes(MANIFEST, manifest.encode())


def _sqlite(connection: Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection.driver_connection)


def _sqlite_copy(connection: Connection, target: Path) -> Path:
    """SQLite's online backup, page by page as the connection's open transaction sees them (sqlite.org/backup.html)."""
    copy = sqlite3.connect(target)
    try:
        _sqlite(connection).backup(copy)
    finally:
        copy.close()
    return target


def _table_copy(connection: Connection, table: str, columns: list[str], target: Path) -> Path:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    query = sql.SQL("COPY {} ({}) TO STDOUT").format(sql.Identifier(table), names)
    with postgres(connection).cursor() as cursor, cursor.copy(query) as rows, target.open("wb") as out:
        for piece in rows:
            out.write(piece)
    return target
