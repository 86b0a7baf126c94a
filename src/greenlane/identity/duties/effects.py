"""How things come to be kept apart, and how that ends. Nothing is taken from anybody by it."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert

from greenlane.govern.effect import Context, Edge, Handling, Outcome
from greenlane.govern.errors import Conflict, NotFound
from greenlane.identity.custom_roles.queries import rights_of
from greenlane.identity.duties import queries
from greenlane.identity.duties.actions import KeepApart, StopKeepingApart
from greenlane.identity.duties.kinds import ROLES
from greenlane.identity.duties.tables import KEPT_APART
from greenlane.kit import ids
from greenlane.kit.clock import stamp


def handlings() -> dict[str, Handling]:
    """The effects by verb."""
    return {
        "keep-apart": Handling(keep, covers=False),
        "stop-keeping-apart": Handling(stop),
    }


def keep(action: KeepApart, context: Context) -> Outcome:
    """One more pair."""
    pair = ids.new("apt")
    one, other = sorted((action.one, action.other))

    def rows(connection: Connection) -> None:
        if action.kind == ROLES:
            for role in (one, other):
                rights_of(connection, role)
        if any((each.one, each.other) == (one, other) for each in queries.kept_apart(connection, action.kind)):
            raise Conflict("These are kept apart already.", next_step="`greenlane duties` lists every pair.")
        connection.execute(
            insert(KEPT_APART).values(
                id=pair,
                kind=action.kind,
                one=one,
                other=other,
                days=action.days,
                action=context.action_id,
                made_by=context.actor.person,
                since=stamp(context.now),
            )
        )

    return Outcome(rows, happened={"pair": pair}, made=(Edge("pair", pair),), answer={"pair": pair})


def stop(action: StopKeepingApart, context: Context) -> Outcome:
    """One pair less: what was withheld counts from the next moment on."""

    def rows(connection: Connection) -> None:
        gone = connection.execute(delete(KEPT_APART).where(KEPT_APART.c.id == action.pair))
        if gone.rowcount != 1:
            raise NotFound(f"There is no pair {action.pair}.", next_step="`greenlane duties` lists what is kept apart.")

    return Outcome(rows, happened={"pair": action.pair})
