"""A database with the ledger's tables alone: what stands above it is nothing that the ledger may need."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations

from greenlane.kit.database import Database
from greenlane.ledger.append import Ledger
from greenlane.ledger.signer import LocalSigner


def migrate(database: Database) -> None:
    """Run the ledger's own step."""
    with database.engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        import_module("greenlane.migrations.versions.0001_ledger").upgrade()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def signer(tmp_path: Path) -> LocalSigner:
    return LocalSigner(tmp_path / "signer", origin="log.test")


@pytest.fixture
def ledger(database: Database, signer: LocalSigner) -> Iterator[Ledger]:
    opened = Ledger(database, signer)
    yield opened
    opened.close()
