"""How a drill is announced."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, insert

from greenlane.govern.effect import Context, Handling, Outcome
from greenlane.govern.errors import Conflict
from greenlane.identity import queries as identity
from greenlane.identity.break_glass.actions import AnnounceDrill
from greenlane.identity.break_glass.tables import BREAK_GLASS_DRILL
from greenlane.kit.clock import stamp

WITHIN = timedelta(hours=1)
"""How long after it was announced a sign-in counts as the drill."""


def handlings() -> dict[str, Handling]:
    """The effects by verb."""
    return {"announce-drill": Handling(announce)}


def announce(action: AnnounceDrill, context: Context) -> Outcome:
    """The next way in of that owner within the hour is a drill."""
    until = stamp(context.now + WITHIN)

    def rows(connection: Connection) -> None:
        if action.person not in identity.active_owners(connection):
            raise Conflict("They are no owner who could come in now.", next_step="`greenlane break-glass` lists them.")
        connection.execute(
            insert(BREAK_GLASS_DRILL).values(
                action=context.action_id,
                person=action.person,
                announced_by=context.actor.person or context.actor.id,
                until=until,
            )
        )

    return Outcome(rows, happened={"person": action.person, "until": until}, answer={"until": until})
