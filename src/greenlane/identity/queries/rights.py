"""Roles: who holds which where, by which action, and which of them count."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, SelectBase, or_, select

from greenlane.govern.errors import NotFound
from greenlane.identity import roles
from greenlane.identity.custom_roles.queries import allowing, rights_by_role
from greenlane.identity.duties.queries import apart_from
from greenlane.identity.groups.reach import GIVEN, HELD
from greenlane.identity.held import CREATION, GRANT, ORGANISATION, Held, Withheld, counting, sort_out
from greenlane.identity.narrowing import role_of
from greenlane.identity.queries.people import state_of, team
from greenlane.identity.tables import PERSON
from greenlane.kit.clock import stamp

TeamOfApp = Callable[[Connection, str], str | None]
"""The id of the team that has an app, None where there is no such app. Handed in: apps stand above people."""

People = SelectBase | Iterable[str]
"""Ids of people, or the statement that finds them."""

BUILDING = "create-app"
"""Who may do this anywhere builds, and so works on the apps that they created."""


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


def held(connection: Connection, person: str, now: datetime | None = None) -> tuple[Held, ...]:
    """Every role of a person that counts, the oldest first: those that they were given, for good or for some hours, those
    for apps that they created, and those by rule. Says nothing about whether the person is active.

    Whoever decides gives ``now``: what is over then counts for nothing, whether its end is written down or not.
    """
    return sort_out(_all(connection, person, now))[0]


def withheld(connection: Connection, person: str, now: datetime | None = None) -> tuple[Withheld, ...]:
    """The roles of a person that do not count, because of what is kept apart in the same place."""
    return sort_out(_all(connection, person, now))[1]


def held_by(connection: Connection, people: People, now: datetime | None = None) -> dict[str, tuple[Held, ...]]:
    """The roles of several people that count, the oldest first; nobody without a role is in it. ``people`` are ids.

    Whoever shows them gives ``now``, as for ``held``: nobody is shown a role that is over.
    """
    return {person: sort_out(held)[0] for person, held in everything_held(connection, people, now).items()}


def everything_held(connection: Connection, people: People, now: datetime | None = None) -> dict[str, tuple[Held, ...]]:
    """The same with what is withheld because it is kept apart from something else."""
    wanted = people if isinstance(people, SelectBase) else list(people)
    found: dict[str, list[Row[Any]]] = {}
    order = (GIVEN.c.since, GIVEN.c.role, GIVEN.c.scope, GIVEN.c.rule)
    given = select(GIVEN).where(GIVEN.c.person.in_(wanted), *_not_over(now)).order_by(*order)
    for row in connection.execute(given):
        found.setdefault(row.person, []).append(row)
    told = _told(connection, [row for rows in found.values() for row in rows])
    theirs = iter(told)
    return {person: tuple(_building([next(theirs) for _ in rows])) for person, rows in found.items()}


def _not_over(now: datetime | None) -> tuple[ColumnElement[bool], ...]:
    """What holds for roles that last, and for those for some hours that are not over at a moment."""
    return () if now is None else (or_(GIVEN.c.until == "", GIVEN.c.until > stamp(now)),)


def _all(connection: Connection, person: str, now: datetime | None) -> list[Held]:
    told = _told(connection, connection.execute(HELD, {"person": person}).all())
    return _building([one for one in told if now is None or not one.until or one.until > stamp(now)])


def _building(held: list[Held]) -> list[Held]:
    """Who created an app works on it only while a role of theirs lets them build somewhere."""
    builds = any(one.may(BUILDING) for one in held if one.by != CREATION)
    return held if builds else [one for one in held if one.by != CREATION]


def _told(connection: Connection, rows: Sequence[Row[Any]]) -> list[Held]:
    """What is held, with what it allows and what it is kept apart from."""
    allowed = rights_by_role(connection, {row.role for row in rows})
    apart = apart_from(connection) if len(rows) > 1 else {}
    return [
        Held(
            row.role,
            row.scope,
            row.action,
            row.since,
            row.rule,
            row.group,
            row.by,
            allowed.get(row.role, frozenset()),
            apart.get(role_of(row.role), frozenset()),
            row.elevation,
            row.until,
        )
        for row in rows
    ]


def was_given(connection: Connection, person: str, role: str, scope: str) -> bool:
    """Whether a role was given to a person themselves, whatever rules give."""
    return any((one.role, one.scope) == (role, scope) for one in held(connection, person) if one.by == GRANT)


def rights(
    connection: Connection, person: str, subject: str, team_of_app: TeamOfApp, now: datetime | None = None
) -> tuple[Held, ...]:
    """The roles of an active person that count for a subject (``organisation``, ``team:NAME``, ``app:NAME``), each with
    where it is held and by which action: the answer to "who has this right and why".
    """
    if state_of(connection, person) != "active":
        return ()
    return counting(held(connection, person, now), scopes_around(connection, subject, team_of_app))


def active_owners(connection: Connection) -> frozenset[str]:
    """Ids of the people who own the organisation and can act. Who is an owner for some hours is not among them: the
    organisation must have one afterwards too.
    """
    found = _holding((roles.OWNER,), (ORGANISATION,)).where(GIVEN.c.elevation == "")
    return frozenset(connection.execute(found).scalars())


def people_with(
    connection: Connection, names: Sequence[str], scopes: Sequence[str], now: datetime | None = None
) -> frozenset[str]:
    """Ids of the active people for whom one of these roles counts in one of these scopes. A role that is held in one
    environment has a name of its own: who keeps staging alone is not asked for as a platform engineer.
    """
    found = _holding(names, scopes).where(*_not_over(now))
    if apart_from(connection):
        return _counted(connection, found, names, scopes, now)
    sure = connection.execute(found.where(GIVEN.c.by != CREATION)).scalars()
    creators = found.where(GIVEN.c.by == CREATION)
    if roles.BUILDER not in names:
        return frozenset(sure)
    return frozenset(sure) | _counted(connection, creators, names, scopes, now)


def _counted(
    connection: Connection, people: People, names: Sequence[str], scopes: Sequence[str], now: datetime | None
) -> frozenset[str]:
    """Those of several people for whom one of these roles really counts, whatever is held beside it."""
    return frozenset(
        person
        for person, theirs in held_by(connection, people, now).items()
        if any(one.role in names for one in counting(theirs, scopes))
    )


def people_allowed(
    connection: Connection, verb: str, scopes: Sequence[str], place: str = "", now: datetime | None = None
) -> frozenset[str]:
    """Ids of the active people who may do a verb by a role in one of these scopes."""
    return people_with(connection, allowing(connection, verb, place), scopes, now)


def _holding(names: Sequence[str], scopes: Sequence[str]) -> Select[Any]:
    return (
        select(GIVEN.c.person)
        .join(PERSON, PERSON.c.id == GIVEN.c.person)
        .where(GIVEN.c.role.in_(names), GIVEN.c.scope.in_(scopes), PERSON.c.state == "active")
    )
