"""How values are put in and destroyed. Imported by ``main`` alone."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from greenlane.catalog.facts import app_facts
from greenlane.govern.effect import Context, Edge, Handling, Outcome
from greenlane.govern.errors import NotFound
from greenlane.kit.clock import Clock, stamp
from greenlane.secrets.actions import PutVariable, RemoveVariable
from greenlane.secrets.facts import variable_facts
from greenlane.secrets.queries import place
from greenlane.secrets.sealing import Sealing
from greenlane.secrets.tables import VARIABLE


def handlings(sealing: Sealing, clock: Clock) -> dict[str, Handling]:
    """The effects by verb, with who knows their facts."""
    about = app_facts(clock)

    def put(action: PutVariable, context: Context) -> Outcome:
        return put_variable(action, context, sealing)

    return {
        "put-variable": Handling(put, (about, variable_facts)),
        "remove-variable": Handling(remove_variable, (about,)),
    }


def put_variable(action: PutVariable, context: Context, sealing: Sealing) -> Outcome:
    """A new version beside the old ones. Not even the length of the value is told."""

    def rows(connection: Connection) -> None:
        last = connection.execute(select(func.max(VARIABLE.c.version)).where(*_which(action))).scalar_one()
        version = (last or 0) + 1
        connection.execute(
            insert(VARIABLE).values(
                app=action.app,
                environment=action.environment,
                name=action.name,
                version=version,
                sealed=sealing.seal(action.value, place(action.app, action.environment, action.name, version)),
                action=context.action_id,
                created=stamp(context.now),
            )
        )

    return Outcome(rows, happened=_happened(action), made=(Edge("variable", _id(action)),))


def remove_variable(action: RemoveVariable, context: Context) -> Outcome:
    """All versions lose their bytes; that there was a variable stays known."""

    def rows(connection: Connection) -> None:
        gone = connection.execute(
            update(VARIABLE)
            .where(*_which(action), VARIABLE.c.removed.is_(None))
            .values(sealed=None, removed=stamp(context.now))
        )
        if gone.rowcount == 0:
            raise NotFound(
                f"{action.app} has no variable {action.name} in {action.environment}.",
                next_step=f"`greenlane variables {action.app}` lists them.",
            )

    return Outcome(rows, happened=_happened(action))


def _which(action: PutVariable | RemoveVariable) -> tuple[ColumnElement[bool], ...]:
    return (
        VARIABLE.c.app == action.app,
        VARIABLE.c.environment == action.environment,
        VARIABLE.c.name == action.name,
    )


def _happened(action: PutVariable | RemoveVariable) -> dict[str, str]:
    return {"app": action.app, "environment": action.environment, "name": action.name}


def _id(action: PutVariable) -> str:
    return f"{action.app}/{action.environment}/{action.name}"
