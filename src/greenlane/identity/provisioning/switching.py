"""What switching somebody off and on means for what their directory said. Rows of suspend-person and restore-person."""

from __future__ import annotations

from sqlalchemy import Connection, update

from greenlane.govern.actor import Actor
from greenlane.govern.effect import Context
from greenlane.identity.provisioning.queries import ACTS_AS
from greenlane.identity.provisioning.tables import DIRECTORY_USER
from greenlane.kit.clock import stamp


def is_directory(actor: Actor) -> bool:
    """Whether a directory acts."""
    return actor.kind == "app" and actor.id.startswith(ACTS_AS)


def off(connection: Connection, person: str, context: Context) -> None:
    """A directory switched somebody off: it is this action that switching on undoes."""
    if is_directory(context.actor):
        _say(connection, person, context, active=False, switched_off=context.action_id)


def on(connection: Connection, person: str, context: Context) -> None:
    """A directory switched somebody on again."""
    if is_directory(context.actor):
        _say(connection, person, context, active=True, switched_off=None)


def _say(connection: Connection, person: str, context: Context, *, active: bool, switched_off: str | None) -> None:
    connection.execute(
        update(DIRECTORY_USER)
        .where(DIRECTORY_USER.c.person == person)
        .values(
            active=active,
            switched_off=switched_off,
            version=DIRECTORY_USER.c.version + 1,
            changed=stamp(context.now),
        )
    )
