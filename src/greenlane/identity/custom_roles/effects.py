"""How roles of one's own are made, changed and deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, update

from greenlane.govern.actor import Actor
from greenlane.govern.effect import Context, Edge, Handling, Outcome
from greenlane.govern.errors import Conflict, WrongInput
from greenlane.identity.custom_roles import queries, rights, trial
from greenlane.identity.custom_roles.actions import ChangeRole, CreateRole, DeleteRole
from greenlane.identity.custom_roles.tables import CUSTOM_ROLE
from greenlane.identity.elevation.effects import end_elevations
from greenlane.identity.elevation.tables import ELEVATION
from greenlane.identity.groups.tables import GROUP_RULE
from greenlane.identity.narrowing import ways_to_hold
from greenlane.identity.tables import INVITATION, ROLE_GRANT
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database


def handlings(database: Database) -> dict[str, Handling]:
    """The effects by verb."""

    def change(action: ChangeRole, context: Context) -> Outcome:
        with database.read() as connection:
            return _change(action, context, queries.custom_role(connection, action.role))

    def remove(action: DeleteRole, context: Context) -> Outcome:
        with database.read() as connection:
            queries.custom_role(connection, action.role)
            found = trial.if_deleted(connection, action.role)
        return _delete(action, context, found)

    return {
        "create-role": Handling(create, covers=False),
        "change-role": Handling(change, (_gaining,), covers=False),
        "delete-role": Handling(remove),
    }


def create(action: CreateRole, context: Context) -> Outcome:
    """One more role, which nobody holds."""
    allowed = rights.read(action.rights)

    def rows(connection: Connection) -> None:
        if queries.rights_by_role(connection, [action.name]):
            raise Conflict(f"There is a role called {action.name} already.", next_step="Choose another name.")
        connection.execute(
            insert(CUSTOM_ROLE).values(
                name=action.name,
                says=action.says,
                rights=_kept(allowed),
                action=context.action_id,
                made_by=context.actor.person,
                since=stamp(context.now),
                changed=stamp(context.now),
            )
        )

    return Outcome(
        rows,
        happened={"role": action.name, "rights": rights.write(allowed)},
        made=(Edge("role", action.name),),
        answer={"role": action.name},
    )


def _change(action: ChangeRole, context: Context, before: queries.CustomRole) -> Outcome:
    """The same role with other rights, words, or both. Nothing is stored about who holds it, so it counts at once."""
    after = rights.read(action.rights) or before.rights

    def rows(connection: Connection) -> None:
        changed = connection.execute(
            update(CUSTOM_ROLE)
            .where(CUSTOM_ROLE.c.name == action.role)
            .values(
                rights=_kept(after),
                says=action.says or before.says,
                action=context.action_id,
                changed=stamp(context.now),
            )
        )
        if changed.rowcount != 1:
            raise WrongInput(f"There is no role {action.role!r} any more.", next_step="`greenlane roles` lists them.")

    return Outcome(
        rows,
        happened={
            "role": action.role,
            "gained": rights.write(after - before.rights),
            "lost": rights.write(before.rights - after),
            "before": {"rights": rights.write(before.rights), "says": before.says},
        },
    )


def _delete(action: DeleteRole, context: Context, found: trial.Trial) -> Outcome:
    def rows(connection: Connection) -> None:
        now = stamp(context.now)
        gone = connection.execute(delete(CUSTOM_ROLE).where(CUSTOM_ROLE.c.name == action.role))
        if gone.rowcount != 1:
            raise WrongInput(f"There is no role {action.role!r} any more.", next_step="`greenlane roles` lists them.")
        held = ways_to_hold(action.role)
        connection.execute(delete(ROLE_GRANT).where(ROLE_GRANT.c.role.in_(held)))
        connection.execute(delete(GROUP_RULE).where(GROUP_RULE.c.role.in_(held)))
        end_elevations(connection, ELEVATION.c.role.in_(held), context.now)
        unused = INVITATION.c.role.in_(held) & INVITATION.c.used.is_(None) & (INVITATION.c.expires > now)
        connection.execute(update(INVITATION).where(unused).values(expires=now))

    happened = {"role": action.role, "people": [one.person for one in found.touched], "rules": found.rules}
    return Outcome(rows, happened=happened)


def _kept(allowed: frozenset[tuple[str, str]]) -> list[list[str]]:
    return [list(one) for one in sorted(allowed)]


def _gaining(connection: Connection, actor: Actor, action: ChangeRole) -> Mapping[str, Any]:
    if not action.rights:
        return {"people_gaining": 0}
    found = trial.if_changed(connection, action.role, rights.read(action.rights))
    return {"people_gaining": len({one.person for one in found.touched if one.gains})}
