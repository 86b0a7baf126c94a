"""Guests: people who may open an app on top of its audience, because they asked or because somebody let them in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from greenlane.catalog import audience, queries
from greenlane.catalog.actions import AddGuest, AskToOpen, RemoveGuest
from greenlane.catalog.tables import GUEST
from greenlane.govern.actor import Actor
from greenlane.govern.effect import Context, Outcome
from greenlane.govern.errors import Conflict, NotFound, WrongInput
from greenlane.identity import queries as identity
from greenlane.kit.clock import stamp


def guest_facts(connection: Connection, actor: Actor, action: AskToOpen | AddGuest) -> Mapping[str, Any]:
    """How many could open the app with this person, and whether the person is the one who acts.

    Raises ``NotFound`` for an app or a person that is not here.
    """
    person = _who(actor, action)
    more = audience.one_more(connection, queries.app(connection, action.app), person)
    return {**more, "target_self": person == actor.person and isinstance(action, AddGuest)}


def let_in(action: AskToOpen | AddGuest, context: Context) -> Outcome:
    """The effect of ask-to-open, once somebody agreed, and of add-guest. Letting in twice changes nothing."""
    person = _who(context.actor, action)

    def rows(connection: Connection) -> None:
        if identity.state_of(connection, person) not in {"active", "invited"}:
            raise Conflict("That person is not active here.", next_step="Restore their account first.")
        there = select(GUEST.c.app).where(GUEST.c.app == action.app, GUEST.c.person == person)
        if connection.execute(there).one_or_none() is None:
            values = {"app": action.app, "person": person, "since": stamp(context.now), "action": context.action_id}
            connection.execute(insert(GUEST).values(**values))

    told = {"app": action.app, "person": person}
    return Outcome(rows, happened={**told, "audience": context.facts.audience_now}, answer=told)


def send_away(action: RemoveGuest, context: Context) -> Outcome:
    """The effect of remove-guest: the person is in the audience or out of it, as everybody else."""

    def rows(connection: Connection) -> None:
        gone = connection.execute(delete(GUEST).where(GUEST.c.app == action.app, GUEST.c.person == action.person))
        if gone.rowcount != 1:
            raise NotFound(
                f"That person is no guest of {action.app}.", next_step="`greenlane apps show` lists its guests."
            )

    return Outcome(rows, happened={"app": action.app, "person": action.person})


def _who(actor: Actor, action: AskToOpen | AddGuest) -> str:
    person = action.person if isinstance(action, AddGuest) else actor.person
    if person is None:
        raise WrongInput("There is nobody to let in.", next_step="Ask as a person.")
    return person
