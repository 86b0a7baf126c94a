"""How elevations begin and end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, update

from greenlane.govern.actor import Actor
from greenlane.govern.effect import Context, Edge, Handling, Outcome
from greenlane.govern.errors import Conflict, WrongInput
from greenlane.identity import queries as identity
from greenlane.identity.elevation import queries
from greenlane.identity.elevation.actions import AskElevation, EndElevation
from greenlane.identity.elevation.tables import ELEVATION
from greenlane.identity.narrowing import role_of, words
from greenlane.kit import ids
from greenlane.kit.clock import Clock, stamp


def handlings(most_hours: int, clock: Clock) -> dict[str, Handling]:
    """The effects by verb. ``most_hours`` is how long an elevation may last."""
    elevating = Elevating(most_hours, clock)
    return {
        "ask-elevation": Handling(elevating.run, (elevating.facts,), covers=False),
        "end-elevation": Handling(end),
    }


@dataclass(frozen=True, slots=True)
class Elevating:
    """Gives roles for some hours."""

    most_hours: int
    clock: Clock

    def facts(self, connection: Connection, actor: Actor, action: AskElevation) -> Mapping[str, Any]:
        """What is impossible is refused before anybody is asked. Raises ``WrongInput``, ``Conflict``, ``NotFound``."""
        if action.hours > self.most_hours:
            raise WrongInput(
                f"{action.hours} hours is longer than is possible here.",
                next_step=f"Give 1 to {self.most_hours} hours; the setting elevation_hours says so.",
                field="hours",
            )
        assert actor.person is not None
        scope = identity.scope_of(connection, action.scope)
        for one in identity.held(connection, actor.person, self.clock.now()):
            if one.scope == scope and one.role in {action.role, role_of(action.role)}:
                until = f" until {one.until[:16].replace('T', ' ')} UTC" if one.until else ""
                raise Conflict(
                    f"You are {words(one.role)} there already{until}.", next_step="Do what you need the role for."
                )
        return {}

    def run(self, action: AskElevation, context: Context) -> Outcome:
        """The role counts from now on."""
        elevation, person = ids.new("elv"), context.actor.person
        assert person is not None
        until = stamp(context.now + timedelta(hours=action.hours))

        def rows(connection: Connection) -> None:
            connection.execute(
                insert(ELEVATION).values(
                    id=elevation,
                    person=person,
                    role=action.role,
                    scope=identity.scope_of(connection, action.scope),
                    because=action.because.strip(),
                    action=context.action_id,
                    since=stamp(context.now),
                    until=until,
                )
            )

        return Outcome(
            rows,
            happened={"elevation": elevation, "person": person, "until": until},
            made=(Edge("elevation", elevation),),
            answer={"elevation": elevation, "until": until},
        )


def end(action: EndElevation, context: Context) -> Outcome:
    """The role counts no longer."""

    def rows(connection: Connection) -> None:
        if end_elevations(connection, ELEVATION.c.id == action.elevation, context.now) != 1:
            queries.elevation(connection, action.elevation)
            raise Conflict("This elevation is over already.", next_step="There is nothing to do.")

    return Outcome(rows, happened={"elevation": action.elevation})


def end_elevations(connection: Connection, which: ColumnElement[bool], now: datetime) -> int:
    """End those that are meant and still run; how many that were."""
    ended = update(ELEVATION).where(which, ELEVATION.c.ended.is_(None)).values(ended=stamp(now))
    return connection.execute(ended).rowcount
