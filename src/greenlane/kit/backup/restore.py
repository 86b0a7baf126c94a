"""Bringing a backup back: everything checked first, into an empty folder, nothing outside it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO

import psycopg
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from greenlane.kit.backup.manifest import (
    DATABASE,
    FILES,
    MANIFEST,
    PIECE,
    BackupDamaged,
    BackupTrouble,
    Hashed,
    Kept,
    Manifest,
    postgres,
    reason,
)
from greenlane.kit.database import Database

STAGING = ".restoring"
"""Where members wait inside the folder until all of them are checked."""


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
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        staging.mkdir(mode=0o700)
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
            f"The backup could not be brought back: {reason(error)}.",
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
                found[member.name] = _unpack_one(content, staging, staging / member.name)
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


def _unpack_one(content: IO[bytes], staging: Path, target: Path) -> Kept:
    for parent in reversed(target.relative_to(staging).parents):
        (staging / parent).mkdir(exist_ok=True, mode=0o700)
    reading = Hashed(content)
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
                postgres(connection).cursor() as cursor,
                cursor.copy(query) as copy,
            ):
                while piece := rows.read(PIECE):
                    copy.write(piece)


def _put_files(staging: Path, folder: Path) -> None:
    files = staging / FILES
    for entry in sorted(files.iterdir()) if files.is_dir() else ():
        entry.rename(folder / entry.name)
