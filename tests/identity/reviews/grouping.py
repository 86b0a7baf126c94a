"""Groups as a sign-in names them, for tests that need somebody in one."""

from __future__ import annotations

from sqlalchemy import insert
from tests.house import Doorway

from greenlane.govern.actor import Actor
from greenlane.identity.groups import claims, queries
from greenlane.identity.groups.tables import DIRECTORY_GROUP
from greenlane.kit.clock import stamp


def empty_group(doorway: Doorway, name: str) -> str:
    """A group that nobody is in; its id."""
    with doorway.control.database.engine.begin() as connection:
        now = stamp(doorway.clock.now())
        values = {"source": "idp_test", "external_id": name, "version": 1, "created": now, "changed": now}
        connection.execute(insert(DIRECTORY_GROUP).values(id=f"grp_{name}", name=name, **values))
    return f"grp_{name}"


def in_group(doorway: Doorway, name: str, *people: Actor) -> str:
    """A group with these people in it; its id."""
    with doorway.control.database.engine.begin() as connection:
        for one in people:
            claims.sync(connection, "idp_test", one.id, [name], doorway.clock.now())
        return queries.group(connection, name).id
