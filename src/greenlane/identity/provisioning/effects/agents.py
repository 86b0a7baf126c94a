"""Agents as a directory brings, describes and removes them: each is a registered agent.

It is registered under the name that it came with, with the ceiling that agents have who are registered by hand, and its
owner answers for it. Switched off or deleted, what people lent it and the tokens that name it end at once; switched on or
sent again it is there as before, and nothing that ended comes back. No agent that somebody here registered is taken over.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from greenlane.govern.effect import Context, Edge, Outcome
from greenlane.govern.errors import NotFound
from greenlane.identity.delegation import effects as agents
from greenlane.identity.delegation import queries as registered
from greenlane.identity.delegation.actions import RegisterAgent
from greenlane.identity.delegation.tables import AGENT
from greenlane.identity.provisioning import describing
from greenlane.identity.provisioning.actions import ChangeProvisionedAgent, ProvisionAgent, RemoveProvisionedAgent
from greenlane.identity.provisioning.errors import ChangedMeanwhile, Taken
from greenlane.identity.provisioning.tables import DIRECTORY, DIRECTORY_AGENT
from greenlane.kit import ids
from greenlane.kit.clock import stamp

CEILING = RegisterAgent("any").scopes
"""What an agent of a directory can be lent at most: as one that is registered by hand and without another word."""


def provision(action: ProvisionAgent, context: Context) -> Outcome:
    """A registered agent of that name, or the one that the directory had let go of."""
    agent, described = ids.new("agt"), json.loads(action.described)
    name = describing.agent_name_of(action.name, agent)

    def rows(connection: Connection) -> None:
        _free(connection, action.directory, action.name, but_for=agent)
        _register(connection, name, action.directory, context)
        connection.execute(
            insert(DIRECTORY_AGENT).values(
                id=agent,
                directory=action.directory,
                name=action.name,
                agent=name,
                external_id=described.get("externalId") or None,
                resource=described,
                active=action.active,
                version=1,
                created=stamp(context.now),
                changed=stamp(context.now),
            )
        )
        _follow(connection, name, action.directory, described, context, active=action.active)

    return Outcome(
        rows,
        happened={"agent": agent, "registered": name, "active": action.active},
        made=(Edge("agent", name),),
        answer={"agent": agent},
    )


def change(action: ChangeProvisionedAgent, context: Context) -> Outcome:
    """Another description. Switched off, what it was lent and its tokens end at once."""
    described = json.loads(action.described)

    def rows(connection: Connection) -> None:
        row = _current(connection, action.agent, action.version)
        _free(connection, row.directory, action.name, but_for=action.agent)
        name = row.agent or _registered_now(connection, row, context)
        connection.execute(
            update(DIRECTORY_AGENT)
            .where(DIRECTORY_AGENT.c.id == action.agent)
            .values(
                name=action.name,
                agent=name,
                external_id=described.get("externalId") or None,
                resource=described,
                active=action.active,
                version=row.version + 1,
                changed=stamp(context.now),
            )
        )
        if name is not None:
            _follow(connection, name, row.directory, described, context, active=action.active)
        elif not action.active:
            agents.cut_off(connection, row.name, context.now)

    return Outcome(rows, happened={"agent": action.agent, "active": action.active})


def remove(action: RemoveProvisionedAgent, context: Context) -> Outcome:
    """The agent goes, and what it was lent and its tokens end. Its name stays its own."""

    def rows(connection: Connection) -> None:
        row = _current(connection, action.agent, action.version)
        agents.cut_off(connection, row.agent or row.name, context.now)
        gone = {"switched_off": stamp(context.now), "let_go": stamp(context.now)}
        connection.execute(update(AGENT).where(AGENT.c.name == row.agent).values(gone))
        connection.execute(delete(DIRECTORY_AGENT).where(DIRECTORY_AGENT.c.id == action.agent))

    return Outcome(rows, happened={"agent": action.agent})


def let_go(connection: Connection, directory: str, context: Context) -> None:
    """Rows: a directory goes, and the agents that it brought stay as they are. One of the same name may have them again."""
    its = select(DIRECTORY_AGENT.c.agent).where(DIRECTORY_AGENT.c.directory == directory)
    connection.execute(update(AGENT).where(AGENT.c.name.in_(its)).values(let_go=stamp(context.now)))
    connection.execute(delete(DIRECTORY_AGENT).where(DIRECTORY_AGENT.c.directory == directory))


def _register(connection: Connection, name: str, directory: str, context: Context) -> None:
    """A new registered agent, without a proof of its own yet; or one that this directory had. Raises ``Taken``."""
    source = _name_of(connection, directory)
    known = registered.find_agent(connection, name)
    if known is not None and (known.source != source or known.let_go is None):
        raise Taken(
            f"There is an agent {name} here, which {_whose(known)}. It is not taken over.",
            next_step="Give this one another name in the directory. No name is given twice.",
        )
    if agents.is_workload(connection, name):
        raise Taken(f"A trust rule here is called {name}.", next_step="Give this agent another name in the directory.")
    if known is not None:  # whoever had its proof may not be whom the directory means now
        again = {"secret": None, "key": None, "shown": "", "epoch": AGENT.c.epoch + 1, "let_go": None}
        connection.execute(update(AGENT).where(AGENT.c.name == name).values(again))
        return
    connection.execute(
        insert(AGENT).values(
            name=name,
            person=context.actor.person,
            unanswered=True,
            scopes=list(CEILING),
            verbs=[],
            shown="",
            epoch=1,
            action=context.action_id,
            created=stamp(context.now),
            source=source,
        )
    )


def _registered_now(connection: Connection, row: Any, context: Context) -> str | None:
    """The name of an agent that came before agents of directories were registered; None where that is taken."""
    name = describing.agent_name_of(row.name, row.id)
    try:
        _register(connection, name, row.directory, context)
    except Taken:
        return None
    return name


def _follow(
    connection: Connection, name: str, directory: str, described: dict[str, Any], context: Context, *, active: bool
) -> None:
    """Have the registered agent be as its directory says: who answers for it, and whether it may act."""
    owner = describing.owner_of(connection, directory, described)
    off = None if active else stamp(context.now)
    connection.execute(
        update(AGENT)
        .where(AGENT.c.name == name)
        .values(person=owner or context.actor.person, unanswered=owner is None, switched_off=off)
    )
    if owner is None or not active:
        agents.cut_off(connection, name, context.now)


def _whose(known: registered.Agent) -> str:
    return f"the directory {known.source} brought" if known.source else "somebody here registered"


def _name_of(connection: Connection, directory: str) -> str:
    return str(connection.execute(select(DIRECTORY.c.name).where(DIRECTORY.c.id == directory)).scalar_one())


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
