"""Roles: who holds which where, and by which action."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from greenlane.govern.errors import NotFound
from greenlane.identity import roles
from greenlane.identity.queries.people import state_of, team
from greenlane.identity.tables import PERSON, ROLE_GRANT

TeamOfApp = Callable[[Connection, str], str | None]
"""The id of the team that has an app, None where there is no such app. Handed in: apps stand above people."""

_HELD = (
    select(ROLE_GRANT).where(ROLE_GRANT.c.person == bindparam("person")).order_by(ROLE_GRANT.c.since, ROLE_GRANT.c.role)
)

ORGANISATION = "organisation"
"""The widest scope of a role."""


@dataclass(frozen=True, slots=True)
class Held:
    """A role that somebody holds: where, since when, and by which action. That action's receipt says who gave it."""

    role: str
    scope: str
    action: str
    since: str


def scope_of(connection: Connection, words: str) -> str:
    """A scope with the team's id in it: ``team:sales`` becomes ``team:t_…``. Raises ``NotFound`` for a team."""
    kind, _, name = words.partition(":")
    return f"team:{team(connection, name).id}" if kind == "team" else words


def scopes_around(connection: Connection, subject: str, team_of_app: TeamOfApp) -> tuple[str, ...]:
    """The scopes in which a role counts for a subject: the organisation, the team, the app. Raises ``NotFound``."""
    kind, _, name = subject.partition(":")
    if kind == "team":
        return (ORGANISATION, scope_of(connection, subject))
    if kind == "app":
        its_team = team_of_app(connection, name)
        if its_team is None:
            raise NotFound(f"There is no app called {name!r}.", next_step="`greenlane apps` lists them.")
        return (ORGANISATION, f"team:{its_team}", subject)
    return (ORGANISATION,)


def held(connection: Connection, person: str) -> tuple[Held, ...]:
    """Every role of a person, the oldest first. Says nothing about whether the person is active."""
    rows = connection.execute(_HELD, {"person": person})
    return tuple(Held(row.role, row.scope, row.action, row.since) for row in rows)


def rights(connection: Connection, person: str, subject: str, team_of_app: TeamOfApp) -> tuple[Held, ...]:
    """The roles of an active person that count for a subject (``organisation``, ``team:NAME``, ``app:NAME``), each with
    where it is held and by which action: the answer to "who has this right and why".
    """
    if state_of(connection, person) != "active":
        return ()
    around = scopes_around(connection, subject, team_of_app)
    return tuple(one for one in held(connection, person) if one.scope in around)


def active_owners(connection: Connection) -> frozenset[str]:
    """Ids of the people who own the organisation and can act."""
    return people_with(connection, (roles.OWNER,), (ORGANISATION,))


def people_with(connection: Connection, names: Sequence[str], scopes: Sequence[str]) -> frozenset[str]:
    """Ids of the active people who hold one of these roles in one of these scopes."""
    rows = connection.execute(
        select(ROLE_GRANT.c.person)
        .join(PERSON, PERSON.c.id == ROLE_GRANT.c.person)
        .where(ROLE_GRANT.c.role.in_(names), ROLE_GRANT.c.scope.in_(scopes), PERSON.c.state == "active")
    )
    return frozenset(rows.scalars())
