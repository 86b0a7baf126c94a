"""How the verbs about agents are carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from greenlane.govern.actor import Actor
from greenlane.govern.effect import Context, Edge, Handling, Outcome, Rows
from greenlane.govern.errors import Conflict, NotFound, Refused, WrongInput
from greenlane.identity import tokens
from greenlane.identity.delegation import confirming, keys, queries
from greenlane.identity.delegation.actions import (
    AllowOnce,
    Delegate,
    EndDelegation,
    RegisterAgent,
    ReplaceAgentKey,
    RetireAgent,
)
from greenlane.identity.delegation.tables import AGENT, CONFIRMATION, DELEGATION
from greenlane.identity.federation.tables import TRUSTED_WORKLOAD
from greenlane.identity.tables import TOKEN
from greenlane.kit import ids, money
from greenlane.kit.clock import stamp


class SetsApart(Protocol):
    """Sets apart what model calls under a grant may cost. The books are the gateway's, so it is handed in."""

    def __call__(self, grant: str, person: str, agent: str, pico: int, context: Context) -> tuple[Edge, Rows]:
        """The budget as what was made, and its rows. Raises ``WrongInput`` for more than any budget may be."""


def handlings(most: timedelta, sets_apart: SetsApart) -> dict[str, Handling]:
    """The effects by verb. ``most`` is how long a grant may last."""
    return {
        "register-agent": Handling(register_agent),
        "replace-agent-key": Handling(replace_agent_key),
        "retire-agent": Handling(retire_agent),
        "delegate": Handling(Delegating(most, sets_apart).run, (_reach,)),
        "end-delegation": Handling(end_delegation),
        "allow-once": Handling(allow_once),
    }


def _reach(connection: Connection, actor: Actor, action: Delegate) -> Mapping[str, Any]:
    """The environment that a grant reaches the furthest."""
    return {"environment": max(action.environments, key=("preview", "staging", "production").index)}


def register_agent(action: RegisterAgent, context: Context) -> Outcome:
    """An agent that the actor answers for, with what it shows who it is with."""
    proof, answer = _proof(action.public_key)

    def rows(connection: Connection) -> None:
        if (known := queries.find_agent(connection, action.agent)) is not None:
            was = "was retired" if known.retired else "is registered already"
            was = f"came from the directory {known.source}" if known.source else was
            raise Conflict(f"The agent {action.agent} {was}.", next_step="Give another name: none is given twice.")
        if is_workload(connection, action.agent):
            raise Conflict("A trust rule has this name.", next_step="Give another name.")
        others = select(TOKEN.c.id).where(
            TOKEN.c.agent == action.agent, TOKEN.c.person != context.actor.id, TOKEN.c.revoked.is_(None)
        )
        if connection.execute(others).first() is not None:
            raise Conflict("Others here have API tokens for an agent of this name.", next_step="Give another name.")
        connection.execute(
            insert(AGENT).values(
                name=action.agent,
                person=context.actor.id,
                scopes=list(action.scopes),
                verbs=list(action.verbs),
                epoch=1,
                action=context.action_id,
                created=stamp(context.now),
                **proof,
            )
        )

    made = (Edge("agent", action.agent),)
    return Outcome(rows, happened={"agent": action.agent}, made=made, answer={"agent": action.agent, **answer})


def replace_agent_key(action: ReplaceAgentKey, context: Context) -> Outcome:
    """Another proof, and another epoch: what was made with the one before is worth nothing."""
    proof, answer = _proof(action.public_key)

    def rows(connection: Connection) -> None:
        changed = update(AGENT).where(AGENT.c.name == action.agent, AGENT.c.retired.is_(None))
        if connection.execute(changed.values(epoch=AGENT.c.epoch + 1, **proof)).rowcount != 1:
            raise _no_agent(action.agent)

    return Outcome(rows, happened={"agent": action.agent}, answer={"agent": action.agent, **answer})


def retire_agent(action: RetireAgent, context: Context) -> Outcome:
    """The agent ends, and with it what people lent it and the API tokens that name it."""

    def rows(connection: Connection) -> None:
        now = stamp(context.now)
        gone = update(AGENT).where(AGENT.c.name == action.agent, AGENT.c.retired.is_(None)).values(retired=now)
        if connection.execute(gone).rowcount != 1:
            raise _no_agent(action.agent)
        cut_off(connection, action.agent, context.now)

    return Outcome(rows, happened={"agent": action.agent})


@dataclass(frozen=True, slots=True)
class Delegating:
    """Lends what people have to agents, for ``most`` at the longest."""

    most: timedelta
    sets_apart: SetsApart

    def run(self, action: Delegate, context: Context) -> Outcome:
        """A grant of the actor's own."""
        grant, lasts = ids.new("dlg"), timedelta(minutes=action.minutes) if action.minutes else self.most
        if lasts > self.most:
            raise WrongInput(
                f"{action.minutes} minutes are too long here.",
                next_step=f"Give at most {round(self.most.total_seconds() / 60)} minutes.",
                field="minutes",
            )
        expires, person = stamp(context.now + lasts), str(context.actor.person)
        pico = money.parsed(action.dollars or "0") or 0
        budgets = [self.sets_apart(grant, person, action.agent, pico, context)] if pico else []

        def rows(connection: Connection) -> None:
            agent = queries.agent(connection, action.agent)
            if agent.retired is not None:
                raise _no_agent(action.agent)
            if agent.idle:
                raise Refused(f"Nothing can be lent: {agent.idle}.", next_step="Ask whoever keeps the directory.")
            connection.execute(
                insert(DELEGATION).values(
                    id=grant,
                    person=context.actor.id,
                    agent=action.agent,
                    scopes=list(action.scopes),
                    apps=sorted(set(action.apps)),
                    environments=sorted(set(action.environments)),
                    budget=action.budget,
                    used=0,
                    money=pico,
                    depth=action.depth,
                    purpose=action.purpose.strip(),
                    signed_in=context.actor.credential,
                    action=context.action_id,
                    created=stamp(context.now),
                    expires=expires,
                )
            )
            for _, books in budgets:
                books(connection)

        return Outcome(
            rows,
            happened={
                "delegation": grant,
                "agent": action.agent,
                "person": context.actor.id,
                "expires": expires,
            },
            used=(Edge("agent", action.agent),),
            made=(Edge("delegation", grant), *(edge for edge, _ in budgets)),
            answer={"delegation": grant, "expires": expires},
        )


def end_delegation(action: EndDelegation, context: Context) -> Outcome:
    """The grant ends, and every token made for it."""

    def rows(connection: Connection) -> None:
        if end_delegations(connection, DELEGATION.c.id == action.delegation, context.now) != 1:
            raise NotFound(f"There is no grant {action.delegation} to end.", next_step="`greenlane agents grants`.")

    return Outcome(rows, happened={"delegation": action.delegation})


def allow_once(action: AllowOnce, context: Context) -> Outcome:
    """One action by its digest may be done once."""

    def rows(connection: Connection) -> None:
        one = CONFIRMATION.c
        waits = (one.id == action.confirmation, one.digest == action.digest, one.confirmed.is_(None))
        opened = update(CONFIRMATION).where(*waits, one.expires > stamp(context.now))
        until = stamp(context.now + confirming.OPEN_FOR)
        if connection.execute(opened.values(confirmed=stamp(context.now), expires=until)).rowcount != 1:
            raise Conflict("This was allowed already, is over, or is not what you read.", next_step="Open it again.")

    return Outcome(rows, happened={"confirmation": action.confirmation, "digest": action.digest})


def end_delegations(connection: Connection, which: ColumnElement[bool], now: datetime) -> int:
    """End the grants that are meant and still hold; how many that were."""
    ended = update(DELEGATION).where(which, DELEGATION.c.ended.is_(None)).values(ended=stamp(now))
    return connection.execute(ended).rowcount


def cut_off(connection: Connection, agent: str, now: datetime) -> None:
    """End what people lent an agent, and the API tokens that name it."""
    end_delegations(connection, DELEGATION.c.agent == agent, now)
    theirs = (func.lower(TOKEN.c.agent) == agent.lower()) & TOKEN.c.revoked.is_(None)
    connection.execute(update(TOKEN).where(theirs).values(revoked=stamp(now)))


def _proof(public_key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is kept of an agent's proof, and what its person is shown of it, once."""
    if public_key:
        key = keys.public_key(public_key)
        return {"key": key, "secret": None, "shown": str(key["kty"])}, {}
    minted = tokens.mint(tokens.Kind.AGENT)
    return {"key": None, "secret": minted.sha256, "shown": minted.shown}, {"secret": minted.secret}


def is_workload(connection: Connection, name: str) -> bool:
    """Whether a trust rule has or had this name."""
    named = select(TRUSTED_WORKLOAD.c.id).where(TRUSTED_WORKLOAD.c.name == name)
    return connection.execute(named).first() is not None


def _no_agent(name: str) -> NotFound:
    return NotFound(f"There is no agent {name} at work.", next_step="`greenlane agents` lists them.")
