"""One database, SQLite by default or PostgreSQL by its address, read from anywhere and written by one writer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Executable, MetaData, create_engine, event, text
from sqlalchemy.exc import DBAPIError

METADATA = MetaData()
"""All tables of the program. Each feature declares its own in its ``tables.py``."""


NO_LONGER_THAN = {"connect_timeout": 5, "tcp_user_timeout": 10_000}
"""How long libpq waits for a server that does not answer: seconds to connect, milliseconds for what was sent."""


class Database:
    """An engine and the two ways to use it: ``read`` for everybody, ``engine`` for the writer and the migrations.

    ``url`` is a SQLAlchemy address: ``sqlite:////var/lib/app.db`` or ``postgresql+psycopg://…``; ``postgres://`` and
    ``postgresql://`` mean psycopg 3 as well.
    """

    def __init__(self, url: str) -> None:
        for plain in ("postgres://", "postgresql://"):
            if url.startswith(plain):
                url = "postgresql+psycopg://" + url.removeprefix(plain)
        self.url = url
        served = not url.startswith("sqlite")
        self.engine: Engine = create_engine(url, pool_pre_ping=served, connect_args=NO_LONGER_THAN if served else {})
        self.dialect: str = self.engine.dialect.name
        if self.dialect == "sqlite":
            event.listen(self.engine, "connect", _prepare_sqlite)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading: one consistent view, never a write lock."""
        with self.engine.connect() as connection:
            if self.dialect == "sqlite":
                connection.exec_driver_sql("BEGIN")  # the driver begins by itself for writing alone
                yield connection
            else:
                yield connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            connection.rollback()

    def answers(self) -> bool:
        """Whether the database can be reached right now."""
        try:
            with self.read() as connection:
                connection.execute(text("SELECT 1"))
        except DBAPIError:
            return False
        return True

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


CACHE = f"cache_size=-{16 * 1024}"
"""KiB of pages that a connection keeps (sqlite.org/pragma.html): the inner pages of the indices of a million receipts,
read once. With SQLite's 2 MiB a page of the console took twice as long (``benchmarks/console.py``).
"""


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Write-ahead log and FULL synchronisation: a committed transaction survives a power cut (sqlite.org/wal.html)."""
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000", CACHE):
        connection.execute(f"PRAGMA {pragma}")


def carries_out(statement: Executable) -> Callable[[Connection], None]:
    """Rows that are one statement: what whoever writes is handed."""

    def rows(connection: Connection) -> None:
        connection.execute(statement)

    return rows
