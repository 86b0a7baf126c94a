"""How the rules about groups are made and ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, insert

from greenlane.govern.actor import Actor
from greenlane.govern.effect import Context, Edge, Handling, Outcome
from greenlane.govern.errors import Conflict, NotFound
from greenlane.identity import queries as identity
from greenlane.identity.effects import teams
from greenlane.identity.groups import dry_run, queries
from greenlane.identity.groups.actions import MEMBER, AddGroupRule, RemoveGroupRule
from greenlane.identity.groups.tables import GROUP_RULE
from greenlane.kit import ids
from greenlane.kit.clock import stamp


def handlings() -> dict[str, Handling]:
    """The effects by verb."""
    return {
        "add-group-rule": Handling(add, (_gaining,), exact=_exactly, covers=False),
        "remove-group-rule": Handling(remove),
    }


def add(action: AddGroupRule, context: Context) -> Outcome:
    """One more rule."""
    rule = ids.new("rul")

    def rows(connection: Connection) -> None:
        group, scope = queries.group(connection, action.group).id, identity.scope_of(connection, action.scope)
        role = "" if action.role == MEMBER else action.role
        if any((one.role, one.scope) == (role, scope) for one in queries.rules(connection, group)):
            raise Conflict("There is this very rule already.", next_step="`greenlane groups rules` lists them.")
        kind, _, name = scope.partition(":")
        connection.execute(
            insert(GROUP_RULE).values(
                id=rule,
                group=group,
                role=role,
                scope=scope,
                team=name if kind == "team" else None,
                action=context.action_id,
                made_by=context.actor.person,
                since=stamp(context.now),
            )
        )

    return Outcome(rows, happened={"rule": rule}, made=(Edge("rule", rule),), answer={"rule": rule})


def remove(action: RemoveGroupRule, context: Context) -> Outcome:
    """One rule less. The last owner stays one."""

    def rows(connection: Connection) -> None:
        gone = connection.execute(delete(GROUP_RULE).where(GROUP_RULE.c.id == action.rule))
        if gone.rowcount != 1:
            raise NotFound(f"There is no rule {action.rule}.", next_step="`greenlane groups rules` lists them.")
        teams.keep_an_owner(connection)

    return Outcome(rows, happened={"rule": action.rule})


def _gaining(connection: Connection, actor: Actor, action: AddGroupRule) -> Mapping[str, Any]:
    return {"people_gaining": len(dry_run.if_added(connection, action.group, action.role, action.scope).gain)}


def _exactly(connection: Connection, action: AddGroupRule) -> AddGroupRule:
    """The group by its id: a name may come to mean another one."""
    return replace(action, group=queries.group(connection, action.group).id)
