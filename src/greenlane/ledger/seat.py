"""The writer's seat: one connection that may write, held by one process at a time.

On PostgreSQL the seat is an advisory lock of the session, on SQLite a locked file beside the database. Whoever does not
get it is told who has it, in words. A connection that is lost loses the seat; it is taken again with the next one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, text
from sqlalchemy.exc import DBAPIError, OperationalError

from greenlane.kit.database import Database
from greenlane.kit.errors import StorageFull, Unavailable

LOCK = 0x67726C6E6C656467
"""The number of our advisory lock: "grlnledg"."""

SEAT_WITHIN = 5
"""Seconds to wait for the seat on PostgreSQL: its server needs a moment to notice that the last writer was killed."""

SQLITE_WRITER = (
    "cache_size=-65536",  # 64 MiB: the right edge of every index stays in memory
    "wal_autocheckpoint=8000",  # 32 MiB of log between two moves into the database file
    "secure_delete=ON",  # what is forgotten is overwritten, not just unlinked
)


class AnotherWriter(Unavailable):
    """Another process writes this ledger. There is one writer, so that every record gets one place."""

    code = "another-writer"


class Seat:
    """The writing connection of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None
        self._file: int | None = None

    def take(self) -> Connection:
        """The connection, opened if need be. Raises ``AnotherWriter``, or what the driver raises."""
        if self._connection is None:
            connection = self._database.engine.connect()
            try:
                connection.detach()
                self._elect(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _elect(self, connection: Connection) -> None:
        if self._database.dialect == "sqlite":
            connection.connection.dbapi_connection.isolation_level = None  # type: ignore[union-attr]  # sqlite3's own
            for pragma in SQLITE_WRITER:
                connection.exec_driver_sql(f"PRAGMA {pragma}")
            elected = self._lock_file()
        else:
            elected = _lock_session(connection)
        if not elected:
            raise AnotherWriter(
                "Another Greenlane server writes this ledger already.",
                next_step="Stop it first, or give this one another database.",
            )

    def _lock_file(self) -> bool:
        if self._file is None:
            path = _lock_of(str(self._database.engine.url.database))
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction that is committed at the end, or not at all. Raises what the driver raises."""
        connection = self.take()
        try:
            if self._database.dialect == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()
        except BaseException:
            self.rest()
            raise

    def rest(self) -> None:
        """End whatever transaction is open without keeping anything of it."""
        try:
            if self._connection is not None:
                self._connection.rollback()
        except DBAPIError:
            self.leave()

    def insert(self, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert full rows past SQLAlchemy's parameter handling, which costs more than the insert itself."""
        if rows:
            mark = "?" if self._database.dialect == "sqlite" else "%s"
            columns = ", ".join(table.columns.keys())
            marks = ", ".join([mark] * len(table.columns))
            statement = f"INSERT INTO {table.name} ({columns}) VALUES ({marks})"  # noqa: S608  names are our own
            self.take().exec_driver_sql(statement, list(rows))

    def leave(self) -> None:
        """Close the connection and give the seat up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _lock_session(connection: Connection) -> bool:
    try:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{SEAT_WITHIN}s'")
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
    except OperationalError as error:
        connection.rollback()
        if getattr(error.orig, "sqlstate", "") == "55P03":  # lock_not_available
            return False
        raise
    connection.commit()
    return True


def _lock_of(database: str) -> Path:
    return Path(f"{database}.writer")


def taken(database: Path) -> bool:
    """Whether a process is writing that SQLite file now."""
    lock = _lock_of(str(database))
    if not os.access(lock, os.R_OK):
        return False
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def weather(error: DBAPIError) -> Unavailable | None:
    """What a driver's error says about the database itself; None when the fault is the statement's."""
    detail = str(error.orig)
    name = getattr(error.orig, "sqlite_errorname", "")
    state = getattr(error.orig, "sqlstate", None) or ""
    if name == "SQLITE_FULL" or state == "53100":
        return StorageFull(
            "There is no room left on the disk, so nothing new can be recorded. Published apps keep serving.",
            next_step="Free some space; recording goes on by itself.",
            detail=detail,
        )
    away = name.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_READONLY"))
    lost = isinstance(error, OperationalError) and not name and not state
    if away or error.connection_invalidated or lost or state[:2] in ("08", "53", "57", "58"):
        return Unavailable(
            "The database cannot be reached.", next_step="Try again in a moment; nothing was recorded.", detail=detail
        )
    return None


def trouble(error: DBAPIError) -> Unavailable:
    """``weather``, or for a statement at fault: the database refused it."""
    return weather(error) or Unavailable("The database refused to record this.", detail=str(error.orig))
