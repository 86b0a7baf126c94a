"""A database with the ledger's tables alone: what stands above it is nothing that the ledger may need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations

from greenlane.kit.database import Database
from greenlane.ledger.append import Ledger
from greenlane.ledger.receipt import Receipt
from greenlane.ledger.signer import LocalSigner


def migrate(database: Database) -> None:
    """Run the ledger's own step."""
    with database.engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        import_module("greenlane.migrations.versions.0001_ledger").upgrade()


def receipt(number: int, **changes: object) -> Receipt:
    """A small receipt that differs from its neighbours in what receipts are looked up by."""
    plain: dict[str, object] = {
        "id": f"rcp_{number}",
        "half": "noted",
        "action": {"id": f"act_{number}", "verb": "test.note", "subject": f"app:app-{number % 3}"},
        "process": "prc_1",
        "cause": None,
        "actor": [{"kind": "person", "id": f"p_{number % 2}"}],
        "at": "2026-01-01T00:00:00.000000Z",
    }
    return Receipt(**{**plain, **changes})


@pytest.fixture(name="receipt")
def receipt_maker() -> Callable[..., Receipt]:
    return receipt


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
