"""What the edge must know to let agents open apps, in the form of its table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, or_, select

from greenlane.govern.actor import Actor
from greenlane.identity.delegation.bounds import DEEPEST, VISIT, scopes_left
from greenlane.identity.delegation.standing import standing
from greenlane.identity.delegation.tables import AGENT, DELEGATION
from greenlane.identity.tables import PERSON
from greenlane.kit.clock import parse, stamp


@dataclass(frozen=True, slots=True)
class Lent:
    """Grants that open apps, by their ids, and the agents that may use one, each with the epoch of its key."""

    grants: dict[str, dict[str, Any]]
    agents: dict[str, int]


def lent(connection: Connection, now: datetime, *, only: str | None = None) -> Lent:
    """All that stand at this moment and reach the scope ``visit``.

    With ``only``, the id of a person: the grants that this one gave, or that an agent has for which this one answers,
    and these agents. How a grant stands depends on nobody else.
    """
    live = select(DELEGATION).where(DELEGATION.c.ended.is_(None), DELEGATION.c.expires > stamp(now))
    working = at_work()
    if only is not None:
        theirs = select(AGENT.c.name).where(AGENT.c.person == only)
        live = live.where(or_(DELEGATION.c.person == only, DELEGATION.c.agent.in_(theirs)))
        working = working.where(AGENT.c.person == only)
    grants = {
        row.id: {
            "person": row.person,
            "agent": row.agent,
            "apps": list(row.apps),
            "environments": list(row.environments),
            "depth": min(row.depth, DEEPEST),
            "expires": parse(row.expires).timestamp(),
        }
        for row in connection.execute(live)
        if _opens(connection, Actor("agent", row.agent, on_behalf_of=row.person, credential=row.id), now)
    }
    return Lent(grants, {row.name: row.epoch for row in connection.execute(working) if VISIT in row.scopes})


def at_work() -> Select[tuple[str, int, list[str]]]:
    """The agents that work at this moment: name, epoch of the key, scopes of the ceiling."""
    return (
        select(AGENT.c.name, AGENT.c.epoch, AGENT.c.scopes)
        .join(PERSON, PERSON.c.id == AGENT.c.person)
        .where(AGENT.c.retired.is_(None), AGENT.c.switched_off.is_(None), AGENT.c.unanswered.is_(False))
        .where(PERSON.c.state == "active")
    )


def agents_of(connection: Connection, person: str) -> frozenset[str]:
    """The names of all agents for which a person answers, the retired ones too."""
    return frozenset(connection.execute(select(AGENT.c.name).where(AGENT.c.person == person)).scalars())


def _opens(connection: Connection, agent: Actor, now: datetime) -> bool:
    found = standing(connection, agent, now)
    return not found.over and VISIT in scopes_left(found.bounds)
