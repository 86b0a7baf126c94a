"""What people see of what an app stores: how much of its quota, and which snapshots can be restored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from greenlane.kit.errors import GreenlaneError
from greenlane.store import queries
from greenlane.store.actions import ENVIRONMENTS
from greenlane.store.driver import Keeper
from greenlane.store.queries import Snapshot

LASTING = ("production", "staging")
"""The environments that are shown although nothing is stored in them."""


@dataclass(frozen=True, slots=True)
class Place:
    """What an app stores in an environment: bytes, whether that is more than it may, and snapshots, the newest first.

    ``bytes`` is None while whoever keeps the data does not answer.
    """

    environment: str
    bytes: int | None
    full: bool
    snapshots: Sequence[Snapshot]


@dataclass(frozen=True, slots=True)
class Told:
    """Everything of one app's. ``quota`` in bytes and ``keeps``, the snapshots kept, are None while nobody can tell, and
    ``away`` says why in words.
    """

    places: Sequence[Place]
    quota: int | None
    keeps: int | None
    away: str = ""

    @property
    def anything(self) -> bool:
        """Whether anything is stored, or can be restored."""
        return any(one.bytes or one.snapshots for one in self.places)


@dataclass(frozen=True, slots=True)
class Storage:
    """Looks it up."""

    keeper: Keeper

    def of(self, connection: Connection, app: str) -> Told:
        """What an app stores. What only the database knows is told in any case."""
        by_place = {
            one: [each for each in queries.snapshots(connection, app) if each.environment == one]
            for one in ENVIRONMENTS
        }
        try:
            standing = self.keeper.standing(app)
        except GreenlaneError as error:
            places = [Place(one, None, False, kept) for one, kept in by_place.items() if kept or one in LASTING]
            return Told(places, None, None, error.message)
        stored = {one.environment: one for one in standing.stored}
        places = []
        for environment, kept in by_place.items():
            found = stored.get(environment)
            if found is None and environment not in LASTING:
                continue
            size = found.bytes if found else 0
            there = frozenset(found.snapshots) if found else frozenset[str]()
            places.append(Place(environment, size, size > standing.quota, [one for one in kept if one.id in there]))
        return Told(places, standing.quota, standing.keeps)
