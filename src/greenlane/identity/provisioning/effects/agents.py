"""Agents as a directory brings, describes and removes them."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from greenlane.govern.effect import Context, Edge, Outcome
from greenlane.govern.errors import NotFound
from greenlane.identity.provisioning.actions import ChangeProvisionedAgent, ProvisionAgent, RemoveProvisionedAgent
from greenlane.identity.provisioning.errors import ChangedMeanwhile, Taken
from greenlane.identity.provisioning.tables import DIRECTORY_AGENT
from greenlane.identity.tables import TOKEN
from greenlane.kit import ids
from greenlane.kit.clock import stamp


def provision(action: ProvisionAgent, context: Context) -> Outcome:
    """An agent of that name. It acts for people with tokens that they make, as before."""
    agent, described = ids.new("agt"), json.loads(action.described)

    def rows(connection: Connection) -> None:
        _free(connection, action.directory, action.name, but_for=agent)
        connection.execute(
            insert(DIRECTORY_AGENT).values(
                id=agent,
                directory=action.directory,
                name=action.name,
                external_id=described.get("externalId") or None,
                resource=described,
                active=action.active,
                version=1,
                created=stamp(context.now),
                changed=stamp(context.now),
            )
        )
        if not action.active:
            _end_tokens(connection, action.name, context)

    return Outcome(rows, happened={"agent": agent}, made=(Edge("agent", agent),), answer={"agent": agent})


def change(action: ChangeProvisionedAgent, context: Context) -> Outcome:
    """Another description. Switched off, its tokens end at once."""
    described = json.loads(action.described)

    def rows(connection: Connection) -> None:
        row = _current(connection, action.agent, action.version)
        _free(connection, row.directory, action.name, but_for=action.agent)
        connection.execute(
            update(DIRECTORY_AGENT)
            .where(DIRECTORY_AGENT.c.id == action.agent)
            .values(
                name=action.name,
                external_id=described.get("externalId") or None,
                resource=described,
                active=action.active,
                version=row.version + 1,
                changed=stamp(context.now),
            )
        )
        if not action.active or action.name != row.name:
            _end_tokens(connection, row.name, context)

    return Outcome(rows, happened={"agent": action.agent, "active": action.active})


def remove(action: RemoveProvisionedAgent, context: Context) -> Outcome:
    """The agent goes, and its tokens end."""

    def rows(connection: Connection) -> None:
        row = _current(connection, action.agent, action.version)
        _end_tokens(connection, row.name, context)
        connection.execute(delete(DIRECTORY_AGENT).where(DIRECTORY_AGENT.c.id == action.agent))

    return Outcome(rows, happened={"agent": action.agent})


def _end_tokens(connection: Connection, agent: str, context: Context) -> None:
    theirs = (func.lower(TOKEN.c.agent) == agent.lower()) & TOKEN.c.revoked.is_(None)
    connection.execute(update(TOKEN).where(theirs).values(revoked=stamp(context.now)))


def _current(connection: Connection, agent: str, version: int) -> Any:
    row = connection.execute(select(DIRECTORY_AGENT).where(DIRECTORY_AGENT.c.id == agent)).one_or_none()
    if row is None:
        raise NotFound("There is no such agent.", next_step="The directory lists those that it brought.")
    if version and row.version != version:
        raise ChangedMeanwhile("Somebody changed this meanwhile.", next_step="Read it again, then send the change.")
    return row


def _free(connection: Connection, directory: str, name: str, *, but_for: str) -> None:
    taken = select(DIRECTORY_AGENT.c.id).where(
        DIRECTORY_AGENT.c.directory == directory,
        func.lower(DIRECTORY_AGENT.c.name) == name.lower(),
        DIRECTORY_AGENT.c.id != but_for,
    )
    if connection.execute(taken).first() is not None:
        raise Taken("Another agent of this directory has this name.", next_step="Give each agent a name of its own.")
