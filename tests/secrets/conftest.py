"""An organisation with two teams and their apps, and values kept under keys in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from tests.identity.household import Household

from greenlane.catalog import effects as catalog_effects
from greenlane.catalog import queries as catalog
from greenlane.catalog.actions import CreateApp
from greenlane.catalog.addresses import Addresses
from greenlane.catalog.fake import FakeDns
from greenlane.govern.actor import Actor
from greenlane.govern.effect import Rows
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database
from greenlane.secrets import effects, queries, resolving
from greenlane.secrets.actions import PutVariable
from greenlane.secrets.fake import FakeKeys
from greenlane.secrets.sealing import Sealing

BOARD = "vendor-board"
VALUE = "correct-horse-battery-staple"
BEFORE = bytes(range(32))
"""The key under which values lay before there were data keys."""


@dataclass
class Values:
    """Values are put in as through the door, and read as the platform reads them."""

    household: Household
    sealing: Sealing
    keys: FakeKeys
    owner: Actor
    ben: Actor

    def put(self, name: str, value: str, actor: Actor | None = None, **where: Any) -> None:
        self.household.does(actor or self.ben, PutVariable(name, value, **_placed(where)))

    def known(self) -> Mapping[str, str]:
        with self.household.database.read() as connection:
            return queries.known_values(connection, self.sealing)

    def gets(self, environment: str = "production", use: str = "run", app: str = BOARD) -> resolving.Resolved:
        with self.household.database.read() as connection:
            return resolving.resolved(connection, self.sealing, app, environment, use, self.household.clock.now())

    def why(self, name: str, environment: str = "production", use: str = "run") -> str:
        return next(one.why for one in self.gets(environment, use).resolution.won if one.name == name)

    def versions(self, name: str = "") -> list[queries.Version]:
        with self.household.database.read() as connection:
            return queries.versions(connection, None, name)

    def write(self, rows: Rows) -> None:
        with self.household.database.engine.begin() as connection:
            rows(connection)


def _placed(where: dict[str, Any]) -> dict[str, Any]:
    if {"app", "team", "organisation"} & where.keys():
        return where
    return {"app": BOARD, **where}


@pytest.fixture
def values(database: Database) -> Values:
    """Olga owns it all; Ben builds vendor-board in the team home; the team sales has the app crm."""
    house = Household(database)
    keys = FakeKeys()

    def write(rows: Rows) -> None:
        with database.engine.begin() as connection:
            rows(connection)

    sealing = Sealing(keys, database, write, lambda: stamp(house.clock.now()), before=BEFORE)
    addresses = Addresses("http", "localhost", "localhost", 4180)
    works = catalog_effects.Works(database, house.clock, FakeDns(), addresses, lambda _name, _existing: None)
    house.handlings |= catalog_effects.handlings(works)
    house.handlings |= effects.handlings(effects.Works(database, sealing, house.clock))
    house.team_of_app = catalog.team_of
    owner = house.found()
    builder = house.hire(owner, "Ben", "builder")
    house.does(builder, CreateApp(BOARD))
    house.team(owner, "sales")
    house.does(owner, CreateApp("crm", team="sales"))
    return Values(house, sealing, keys, owner, builder)
