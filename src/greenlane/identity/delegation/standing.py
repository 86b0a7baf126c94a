"""How an agent stands at this moment: what bounds it, or why it is over. The one place where that is computed.

The door asks for every action and every read, the API for every token, the edge's table is compiled from it. Nothing of
it is remembered: a person who was suspended, an agent that was retired and a grant that was ended count from then on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from greenlane.govern.actor import Actor
from greenlane.identity.delegation.bounds import DEEPEST, Bound, Wish, bound, lacking, outside
from greenlane.identity.delegation.queries import idle
from greenlane.identity.delegation.tables import AGENT, DELEGATION
from greenlane.identity.federation.tables import TRUSTED_WORKLOAD
from greenlane.identity.tables import PERSON, SESSION, TOKEN
from greenlane.kit.clock import stamp

_AGENT = (
    select(AGENT, PERSON.c.state.label("answers"))
    .join(PERSON, PERSON.c.id == AGENT.c.person)
    .where(AGENT.c.name == bindparam("name"))
)
_DELEGATION = (
    select(DELEGATION, PERSON.c.state.label("state"))
    .join(PERSON, PERSON.c.id == DELEGATION.c.person)
    .where(DELEGATION.c.id == bindparam("id"))
)
_TRUST = (
    select(TRUSTED_WORKLOAD, PERSON.c.state.label("state"))
    .join(PERSON, PERSON.c.id == TRUSTED_WORKLOAD.c.person)
    .where(TRUSTED_WORKLOAD.c.id == bindparam("id"))
)
_SIGN_IN = (
    select(SESSION.c.ended)
    .where(SESSION.c.id == bindparam("id"))
    .union_all(select(TOKEN.c.revoked).where(TOKEN.c.id == bindparam("id")))
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What bounds an agent, or in words why nothing is left. ``epochs`` are those of its chain's agents, in order."""

    bounds: tuple[Bound, ...] = ()
    over: str = ""
    epochs: tuple[int, ...] = ()
    budget_left: bool = True

    def lacks(self, wish: Wish) -> str | None:
        """What is missing for a wish, in words; None where nothing is."""
        return self.over or lacking(self.bounds, wish)

    def lies_outside(self, wish: Wish) -> str | None:
        """The same for what a person allows by itself: where it happens still counts."""
        return self.over or next((lack for one in self.bounds if (lack := outside(one, wish))), None)


def standing(connection: Connection, actor: Actor, now: datetime | None = None) -> Standing:
    """How an actor stands. People, and agents that only a token of their person's names, are bound by nothing here.

    Without ``now`` no time is looked at: for who was let in a moment ago, on whose way it was.
    """
    if actor.kind != "agent":
        return Standing()
    kind = (actor.credential or "").partition("_")[0]
    if kind == "dlg":
        found = _of_delegation(connection, actor, now)
    elif kind == "wkl":
        found = _of_trust(connection, actor)
    else:
        found = _of_agents(connection, actor.agents, registered=False)
    if found.over or actor.scopes is None:
        return found
    narrowed = bound("this token", actor.scopes)
    return Standing((*found.bounds, narrowed), epochs=found.epochs, budget_left=found.budget_left)


def _of_delegation(connection: Connection, actor: Actor, now: datetime | None) -> Standing:
    row = connection.execute(_DELEGATION, {"id": actor.credential}).one_or_none()
    if row is None or row.person != actor.on_behalf_of or row.agent != actor.agents[0]:
        return Standing(over="there is no such grant")
    over = _is_over(row) or ("the grant has expired" if _expired(row, now) else "")
    if over := over or _left_alone(connection, row):
        return Standing(over=over)
    if len(actor.agents) > min(row.depth, DEEPEST):
        return Standing(over=f"the grant allows a chain of {min(row.depth, DEEPEST)} at most")
    chain = _of_agents(connection, actor.agents, registered=True)
    if chain.over:
        return chain
    left = row.budget == 0 or row.used < row.budget
    return Standing((*chain.bounds, _bound(f"the grant {row.id}", row)), epochs=chain.epochs, budget_left=left)


def _of_trust(connection: Connection, actor: Actor) -> Standing:
    row = connection.execute(_TRUST, {"id": actor.credential}).one_or_none()
    if row is None or row.person != actor.on_behalf_of or actor.agents != (row.name,):
        return Standing(over="there is no such trust rule")
    if over := _is_over(row):
        return Standing(over=over)
    return Standing((_bound(f"the trust rule {row.name}", row),), epochs=(0,))


def _of_agents(connection: Connection, names: Sequence[str], *, registered: bool) -> Standing:
    bounds, epochs = [], []
    for name in names:
        row = connection.execute(_AGENT, {"name": name}).one_or_none()
        if row is None:
            if registered:
                return Standing(over=f"there is no agent {name}")
            continue
        if why := idle(name, row.retired, row.switched_off, answered=not row.unanswered):
            return Standing(over=why)
        if row.answers != "active":
            return Standing(over=f"nobody answers for the agent {name} any more")
        bounds.append(bound(f"the agent {name}", row.scopes, row.verbs))
        epochs.append(int(row.epoch))
    return Standing(tuple(bounds), epochs=tuple(epochs))


def _is_over(row: Row[Any]) -> str:
    if row.state != "active":
        return "whoever gave it is not here any more"
    return "" if row.ended is None else "it was ended"


def _left_alone(connection: Connection, row: Row[Any]) -> str:
    """A grant ends with the session or token that it was given with, so that who ends a stolen one ends it too."""
    if row.signed_in is None:
        return ""
    given_with = connection.execute(_SIGN_IN, {"id": row.signed_in}).one_or_none()
    over = given_with is None or given_with[0] is not None
    return "the sign-in that it was given in has ended" if over else ""


def _expired(row: Row[Any], now: datetime | None) -> bool:
    return now is not None and bool(row.expires <= stamp(now))


def _bound(whose: str, row: Row[Any]) -> Bound:
    return bound(whose, row.scopes, (), row.apps, row.environments)
