"""One file that holds everything: a consistent copy of the database, the files of a folder, and a digest for each.

The file is a plain tar. Its last member, ``manifest.json``, names every other one with its size and SHA-256, so a file
that was cut short has no manifest and is refused. The server may go on writing meanwhile: the database is copied as it
was at one moment, and ``Plan`` says which files must not be newer than that moment and which belong to it.

A database is restored as it was: SQLite as its file, PostgreSQL table by table (COPY, no program of its own is needed).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

import orjson
import psycopg
from psycopg import sql
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from greenlane.kit.clock import stamp
from greenlane.kit.database import METADATA, Database
from greenlane.kit.errors import GreenlaneError

FORMAT = "greenlane-backup/1"
MANIFEST = "manifest.json"
DATABASE = "database"
FILES = "files"
STAGING = ".restoring"
PIECE = 1 << 20
"""Bytes that are read at once."""
TRIES = 20
"""How often a moment is looked for at which no file was just being taken into the database."""


class BackupTrouble(GreenlaneError):
    """A backup could not be written or brought back; nothing was changed."""

    code = "backup-trouble"


class BackupDamaged(BackupTrouble):
    """The file is not a whole backup, or something in it is not what its digest says."""

    code = "backup-damaged"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is saved, and in which order it must be read. All names are names of entries of ``folder``.

    ``first``: read before the database's moment, because they must never be newer than the database.
    ``moving``: folders whose files disappear once the database has taken them in; read at the database's moment.
    ``left_out``: made anew by themselves. Everything else is read last: files that are written once.
    """

    folder: Path
    database: str
    first: tuple[str, ...] = ()
    moving: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """One member of the file: its size in bytes and the hexadecimal SHA-256 of its content."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself. ``tables`` are the columns by table on PostgreSQL, in the order of restoring."""

    made: str
    version: str
    dialect: str
    revision: str
    tables: Mapping[str, list[str]]
    members: Mapping[str, Kept]

    def encode(self) -> bytes:
        """As the bytes of ``manifest.json``."""
        return orjson.dumps({"format": FORMAT, **asdict(self)}, option=orjson.OPT_INDENT_2) + b"\n"

    @classmethod
    def decode(cls, data: bytes) -> Manifest:
        """From the bytes of ``manifest.json``. Raises ``BackupDamaged``."""
        try:
            document = orjson.loads(data)
            if document.pop("format") != FORMAT:
                raise ValueError("another format")
            members = {name: Kept(**kept) for name, kept in document.pop("members").items()}
            return cls(members=members, **document)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BackupDamaged(
                "This file is no backup that this release can read.",
                next_step="Name a file that `greenlane backup` wrote.",
                detail=str(error),
            ) from error

    @property
    def size(self) -> int:
        """Bytes of all members."""
        return sum(kept.size for kept in self.members.values())


# -- writing -----------------------------------------------------------------------------------------------------------


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
            f"The backup could not be written: {_reason(error)}.",
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
                tables = {table.name: table.columns.keys() for table in METADATA.sorted_tables}
                for table, columns in tables.items():
                    copied = _table_copy(connection, table, columns, scratch / table)
                    writer.add(f"{DATABASE}/{table}", copied)
                    copied.unlink()
            revision = str(connection.scalar(text("SELECT version_num FROM alembic_version")))
        named = {*plan.first, *plan.moving, *plan.left_out}
        rest = sorted(one.name for one in plan.folder.iterdir() if one.name not in named)
        for name, path in _files(plan.folder, rest):
            writer.add(f"{FILES}/{name}", path)
        made = stamp(datetime.fromtimestamp(time.time(), UTC))
        manifest = Manifest(made, version, database.dialect, revision, tables, writer.members)
        writer.close_with(manifest)
    return manifest


@contextmanager
def _moment(plan: Plan, database: Database, writer: _Writer) -> Iterator[Connection]:
    """A connection that sees the database as it is now, whatever is written meanwhile, with the files that belong to it."""
    for _ in range(TRIES):
        before = {Path(name).stem for name, _ in _files(plan.folder, plan.moving)}
        with database.engine.connect() as connection:
            if database.dialect == "sqlite":
                _sqlite(connection).isolation_level = None
                connection.exec_driver_sql("BEGIN")
            else:
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            connection.execute(text("SELECT version_num FROM alembic_version")).all()
            moving = {name: path.read_bytes() for name, path in _files(plan.folder, plan.moving)}
            if before - {Path(name).stem for name in moving}:
                continue  # one was just taken in, and nobody knows on which side of the moment
            for name, data in moving.items():
                writer.add_bytes(f"{FILES}/{name}", data)
            yield connection
            connection.rollback()
            return
    raise BackupTrouble("The server is too busy for a consistent copy.", next_step="Try again in a quieter moment.")


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
        reading = _Hashed(file)
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = size, 0o600, int(time.time())
        self._archive.addfile(member, cast(IO[bytes], reading))
        self.members[name] = Kept(size, reading.hash.hexdigest())

    def close_with(self, manifest: Manifest) -> None:
        """The last member."""
        self.add_bytes(MANIFEST, manifest.encode())


class _Hashed:
    """A file that hashes what is read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.hash = sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._file.read(size)
        self.hash.update(data)
        return data


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
    with _postgres(connection).cursor() as cursor, cursor.copy(query) as rows, target.open("wb") as out:
        for piece in rows:
            out.write(piece)
    return target


def _postgres(connection: Connection) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


# -- bringing back -----------------------------------------------------------------------------------------------------


def restore(file: Path, folder: Path, database: str, make_tables: Callable[[Database, str], None]) -> Manifest:
    """Bring a backup back into an empty folder, every digest checked before anything is put in place.

    ``database`` is where the database goes: a SQLite file in the folder, or an empty PostgreSQL database, in which
    ``make_tables`` makes the tables of the named revision. Raises ``BackupTrouble``; then the folder is empty as before.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BackupTrouble(
            f"{folder} is not empty.", next_step="Name a new folder with --data; a backup never overwrites anything."
        )
    target = Database(database)
    staging = folder / STAGING
    try:
        staging.mkdir(parents=True, mode=0o700)
        manifest = _unpack(file, staging)
        if manifest.dialect != target.dialect:
            raise BackupTrouble(
                f"The backup is of a {manifest.dialect} database, and the settings name a {target.dialect} one.",
                next_step="Set GREENLANE_DATABASE to the address of an empty PostgreSQL database."
                if manifest.dialect == "postgresql"
                else "Unset GREENLANE_DATABASE: the database goes into the data folder.",
            )
        if target.dialect == "sqlite":
            _put_sqlite(staging, folder, Path(str(target.engine.url.database)))
        else:
            _put_tables(manifest, staging, target, make_tables)
        _put_files(staging, folder)
    except (OSError, tarfile.TarError, sqlite3.Error, psycopg.Error, DBAPIError) as error:
        raise BackupTrouble(
            f"The backup could not be brought back: {_reason(error)}.",
            next_step="Look at the file, the room on the disk and the database, and try again with an empty database.",
            detail=repr(error),
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        target.close()
    return manifest


def _unpack(file: Path, staging: Path) -> Manifest:
    """Write every member below ``staging`` and hold it against the manifest. Raises ``BackupDamaged``."""
    found: dict[str, Kept] = {}
    manifest: Manifest | None = None
    with tarfile.open(file, "r:") as archive:
        for member in archive:
            if member.type != tarfile.REGTYPE or not _is_safe(member.name) or member.name in found or manifest:
                raise BackupDamaged(
                    f"The backup holds {member.name!r}, which no backup of ours does.",
                    next_step="Use another backup; nothing was brought back.",
                )
            content = archive.extractfile(member)
            assert content is not None
            if member.name == MANIFEST:
                manifest = Manifest.decode(content.read())
            else:
                found[member.name] = _unpack_one(content, staging / member.name)
    if manifest is None or found != dict(manifest.members):
        wrong = sorted(
            name
            for name in {*found, *(manifest.members if manifest else ())}
            if manifest is None or found.get(name) != manifest.members.get(name)
        )
        raise BackupDamaged(
            "The backup was cut short."
            if manifest is None
            else f"{wrong[0]} in the backup is not what its digest says.",
            next_step="Use another backup; nothing was brought back.",
            detail=", ".join(wrong[:20]),
        )
    return manifest


def _is_safe(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return (
        "/".join(parts) == name and ".." not in parts and parts[0] in (FILES, DATABASE, MANIFEST) and "\0" not in name
    )


def _unpack_one(content: IO[bytes], target: Path) -> Kept:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    reading = _Hashed(content)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        size = 0
        while piece := reading.read(PIECE):
            size += out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    return Kept(size, reading.hash.hexdigest())


def _put_sqlite(staging: Path, folder: Path, target: Path) -> None:
    if target.parent != folder:
        raise BackupTrouble(
            f"The settings put the database at {target}, outside the data folder.",
            next_step="Unset GREENLANE_DATABASE: nothing is written outside the data folder.",
        )
    (staging / DATABASE / "sqlite").rename(target)


def _put_tables(
    manifest: Manifest, staging: Path, target: Database, make_tables: Callable[[Database, str], None]
) -> None:
    with target.read() as connection:
        count = "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()"
        if connection.scalar(text(count)):
            raise BackupTrouble(
                "The database is not empty.", next_step="Make a new one; a backup never overwrites anything."
            )
    make_tables(target, manifest.revision)
    with target.engine.begin() as connection:
        for table, columns in manifest.tables.items():
            names = sql.SQL(", ").join(map(sql.Identifier, columns))
            query = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
            with (
                (staging / DATABASE / table).open("rb") as rows,
                _postgres(connection).cursor() as cursor,
                cursor.copy(query) as copy,
            ):
                while piece := rows.read(PIECE):
                    copy.write(piece)


def _put_files(staging: Path, folder: Path) -> None:
    files = staging / FILES
    for entry in sorted(files.iterdir()) if files.is_dir() else ():
        entry.rename(folder / entry.name)


def _reason(error: Exception) -> str:
    """What an error of the system or the database says, in one line."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (said.strip().splitlines() or [type(error).__name__])[0].rstrip(".").lower()
