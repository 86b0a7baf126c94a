from __future__ import annotations

from dataclasses import dataclass

import pytest
from tests.identity.household import Household

from greenlane.catalog import effects, names, queries
from greenlane.catalog.actions import CreateApp
from greenlane.catalog.addresses import Addresses
from greenlane.catalog.fake import FakeDns
from greenlane.govern.actor import Actor
from greenlane.kit.database import Database


@dataclass
class Street:
    """An organisation with one app, ``vendor-board``: Ben owns it, the team sales has it."""

    house: Household
    dns: FakeDns
    owner: Actor
    ben: Actor
    sales: str

    def app(self, name: str = "vendor-board") -> queries.App:
        with self.house.database.read() as connection:
            return queries.app(connection, name)

    def environment(self, name: str = "production") -> queries.Environment:
        with self.house.database.read() as connection:
            found = queries.environment(connection, "vendor-board", name)
        assert found is not None
        return found


@pytest.fixture
def street(database: Database) -> Street:
    house, dns = Household(database), FakeDns()
    house.handlings |= effects.handlings(
        effects.Works(database, house.clock, dns, Addresses(), names.check, own_domains=("greenlane.example",))
    )
    house.team_of_app = queries.team_of
    owner = house.found()
    sales = house.team(owner, "sales")
    ben = house.hire(owner, "Ben Builder", "builder", "sales")
    house.does(ben, CreateApp("vendor-board", title="Vendors"))
    return Street(house, dns, owner, ben, sales)
