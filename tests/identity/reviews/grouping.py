"""Groups as a sign-in names them, for tests that need somebody in one."""

from __future__ import annotations

from tests.house import Doorway

from greenlane.govern.actor import Actor
from greenlane.identity.groups import claims, queries


def in_group(doorway: Doorway, name: str, *people: Actor) -> str:
    """A group with these people in it; its id."""
    with doorway.control.database.engine.begin() as connection:
        for one in people:
            claims.sync(connection, "idp_test", one.id, [name], doorway.clock.now())
        return queries.group(connection, name).id
