"""Reads about agents and what people lend them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select

from greenlane.govern.errors import NotFound
from greenlane.identity.delegation.tables import AGENT, DELEGATION
from greenlane.kit.clock import stamp


@dataclass(frozen=True, slots=True)
class Agent:
    """A registered agent. ``proves`` is how it shows who it is: ``secret``, ``key``, or ``nothing`` yet.

    ``person`` is who answers for it; empty where its directory (``source``) names nobody that it brought.
    """

    name: str
    person: str
    scopes: tuple[str, ...]
    verbs: tuple[str, ...]
    proves: str
    shown: str
    epoch: int
    created: str
    retired: str | None
    source: str
    switched_off: str | None
    let_go: str | None

    @property
    def idle(self) -> str:
        """Why it may do nothing at this moment, in words that end a sentence; empty where nothing of its own is in the way."""
        return idle(self.name, self.retired, self.switched_off, answered=bool(self.person))


def idle(name: str, retired: str | None, switched_off: str | None, *, answered: bool) -> str:
    """Why an agent may do nothing, in words that end a sentence; empty where it may."""
    if retired is not None:
        return f"the agent {name} was retired"
    if switched_off is not None:
        return f"the company's directory switched the agent {name} off"
    return "" if answered else f"the company's directory names nobody here who answers for the agent {name}"


@dataclass(frozen=True, slots=True)
class Delegation:
    """What a person lends an agent, as people see it. ``money`` is in pico-dollars; 0 lends no calls of models."""

    id: str
    person: str
    agent: str
    scopes: tuple[str, ...]
    apps: tuple[str, ...]
    environments: tuple[str, ...]
    budget: int
    used: int
    money: int
    depth: int
    purpose: str
    signed_in: str | None
    created: str
    expires: str
    ended: str | None

    def live(self, now: datetime) -> bool:
        """Whether it was not ended and has not expired. What else it depends on, ``standing`` knows."""
        return self.ended is None and self.expires > stamp(now)


def agents(connection: Connection, *, retired: bool = False) -> list[Agent]:
    """Every agent, by name; those that were retired, or deleted in their directory, only where they are wanted."""
    wanted = select(AGENT).order_by(AGENT.c.name)
    there = wanted.where(AGENT.c.retired.is_(None), or_(AGENT.c.let_go.is_(None), AGENT.c.switched_off.is_(None)))
    return [_agent(row) for row in connection.execute(wanted if retired else there)]


def find_agent(connection: Connection, name: str) -> Agent | None:
    """The agent of that name, retired or not."""
    row = connection.execute(select(AGENT).where(AGENT.c.name == name)).one_or_none()
    return None if row is None else _agent(row)


def agent(connection: Connection, name: str) -> Agent:
    """The agent of that name. Raises ``NotFound``."""
    found = find_agent(connection, name)
    if found is None:
        raise NotFound(f"There is no agent called {name}.", next_step="`greenlane agents` lists them.")
    return found


def delegation(connection: Connection, id: str) -> Delegation:
    """A grant by id, whether it still holds or not. Raises ``NotFound``."""
    found = _delegations(connection, DELEGATION.c.id == id)
    if not found:
        raise NotFound(f"There is no grant {id}.", next_step="`greenlane agents grants` lists yours.")
    return found[0]


def delegations_of(connection: Connection, person: str, now: datetime) -> list[Delegation]:
    """What a person lends at this moment, the newest first."""
    return [one for one in _delegations(connection, DELEGATION.c.person == person) if one.live(now)]


def delegations_to(connection: Connection, agent: str, now: datetime) -> list[Delegation]:
    """What an agent was lent and still has, the newest first."""
    return [one for one in _delegations(connection, DELEGATION.c.agent == agent) if one.live(now)]


def _delegations(connection: Connection, where: ColumnElement[bool]) -> list[Delegation]:
    rows = connection.execute(
        select(DELEGATION).where(where).order_by(DELEGATION.c.created.desc(), DELEGATION.c.id.desc())
    )
    return [
        Delegation(
            row.id,
            row.person,
            row.agent,
            tuple(row.scopes),
            tuple(row.apps),
            tuple(row.environments),
            row.budget,
            row.used,
            row.money,
            row.depth,
            row.purpose,
            row.signed_in,
            row.created,
            row.expires,
            row.ended,
        )
        for row in rows
    ]


def _agent(row: Row[Any]) -> Agent:
    return Agent(
        row.name,
        "" if row.unanswered else row.person,
        tuple(row.scopes),
        tuple(row.verbs),
        "key" if row.key is not None else "secret" if row.secret is not None else "nothing",
        row.shown,
        row.epoch,
        row.created,
        row.retired,
        row.source or "",
        row.switched_off,
        row.let_go,
    )
