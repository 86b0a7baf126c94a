"""People and teams: who is here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, bindparam, func, or_, select

from greenlane.govern.errors import NotFound, WrongInput
from greenlane.identity.groups.reach import BELONGING, TEAMS_AROUND, TEAMS_OF_SOME
from greenlane.identity.tables import PERSON, TEAM

# asked on every page: built once, because building a statement takes twice as long as running it
_NAMES = select(PERSON.c.id, PERSON.c.name).where(
    PERSON.c.id.in_(bindparam("ids", expanding=True)), PERSON.c.name != ""
)
_STATE = select(PERSON.c.state).where(PERSON.c.id == bindparam("id"))
_ACTIVE = select(func.count()).select_from(PERSON).where(PERSON.c.state == "active")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody. ``state`` is invited, active, suspended or erased; an erased person has no name and no address."""

    id: str
    name: str
    email: str | None
    state: str
    source: str
    created: str
    teams: tuple[str, ...]
    """Names of teams, the first one first."""


@dataclass(frozen=True, slots=True)
class Team:
    """A team."""

    id: str
    name: str


def person(connection: Connection, person: str) -> Person:
    """A person by id. Raises ``NotFound``."""
    return _one_person(connection, PERSON.c.id == person, person)


def find_person(connection: Connection, words: str) -> Person:
    """A person by id, mail address or exact name. Raises ``NotFound``, or ``WrongInput`` for a name that two have."""
    wanted = words.strip()
    match = or_(
        PERSON.c.id == wanted,
        PERSON.c.email == wanted.lower(),
        func.lower(PERSON.c.name) == wanted.lower(),
    )
    return _one_person(connection, match, words)


def _one_person(connection: Connection, where: ColumnElement[bool], words: str) -> Person:
    found = people_where(connection, where)
    if not found:
        raise NotFound(f"There is nobody called {words!r} here.", next_step="`greenlane people` lists everybody.")
    if len(found) > 1:
        raise WrongInput(f"{words!r} is the name of several people.", next_step="Give the mail address or the id.")
    return found[0]


def people(connection: Connection) -> list[Person]:
    """Everybody who was not erased, by name."""
    return sorted(people_where(connection, PERSON.c.state != "erased"), key=lambda one: (one.name.casefold(), one.id))


def people_like(connection: Connection, words: str, *, limit: int = 20) -> list[Person]:
    """Active people with these letters in their name or mail address, large or small, by name."""
    like = or_(PERSON.c.name.icontains(words, autoescape=True), PERSON.c.email.icontains(words, autoescape=True))
    found = (
        select(PERSON.c.id).where(PERSON.c.state == "active", like).order_by(PERSON.c.name, PERSON.c.id).limit(limit)
    )
    ids = list(connection.execute(found).scalars())
    return sorted(people_where(connection, PERSON.c.id.in_(ids)), key=lambda one: (one.name.casefold(), one.id))


def people_where(connection: Connection, where: ColumnElement[bool]) -> list[Person]:
    """Everybody for whom a condition holds, with their teams."""
    rows = connection.execute(select(PERSON).where(where)).all()
    teams: dict[str, list[str]] = {}
    for row in connection.execute(TEAMS_OF_SOME, {"people": [row.id for row in rows]}):
        teams.setdefault(row.person, []).append(row.name)
    return [
        Person(row.id, row.name, row.email, row.state, row.source, row.created, tuple(teams.get(row.id, ())))
        for row in rows
    ]


def names(connection: Connection, people: Iterable[str]) -> dict[str, str]:
    """The names of people by id, for sentences; whoever was erased or never was is missing."""
    wanted = set(people)
    if not wanted:
        return {}
    return {row.id: row.name for row in connection.execute(_NAMES, {"ids": list(wanted)})}


def known(connection: Connection, only: str | None = None) -> list[str]:
    """The ids of people who were not erased, in order: all, or that one's alone."""
    return _ids(connection, PERSON.c.state != "erased", only)


def active(connection: Connection, only: str | None = None) -> frozenset[str]:
    """The ids of people who are here: all, or that one's alone."""
    return frozenset(_ids(connection, PERSON.c.state == "active", only))


def _ids(connection: Connection, where: ColumnElement[bool], only: str | None) -> list[str]:
    wanted = select(PERSON.c.id).where(where).order_by(PERSON.c.id)
    return list(connection.execute(wanted if only is None else wanted.where(PERSON.c.id == only)).scalars())


def state_of(connection: Connection, person: str) -> str | None:
    """invited, active, suspended or erased; None for an id that nobody has."""
    return connection.execute(_STATE, {"id": person}).scalar_one_or_none()


def members_active(connection: Connection) -> int:
    """How many people can act in this organisation."""
    return connection.execute(_ACTIVE).scalar_one()


def anybody(connection: Connection) -> bool:
    """Whether the organisation was founded."""
    return connection.execute(select(PERSON.c.id).limit(1)).one_or_none() is not None


def teams(connection: Connection) -> list[Team]:
    """Every team, by name."""
    return _teams(connection)


def team(connection: Connection, words: str) -> Team:
    """A team by name or id. Raises ``NotFound``."""
    found = _teams(connection, or_(TEAM.c.name == words, TEAM.c.id == words))
    if not found:
        raise NotFound(f"There is no team called {words!r}.", next_step="`greenlane team` lists them.")
    return found[0]


def first_team(connection: Connection, person: str) -> Team | None:
    """The team that a person has been in the longest: where their apps go when they name no team."""
    first = connection.execute(TEAMS_AROUND, {"person": person}).scalars().first()
    return None if first is None else team(connection, first)


def _teams(connection: Connection, *where: ColumnElement[bool]) -> list[Team]:
    rows = connection.execute(select(TEAM.c.id, TEAM.c.name).where(*where).order_by(TEAM.c.name))
    return [Team(row.id, row.name) for row in rows]


def team_sizes(connection: Connection) -> dict[str, int]:
    """How many people are in each team, by the team's id; a team with nobody is missing. It looks at everybody."""
    counted = select(BELONGING.c.team, func.count().label("people")).group_by(BELONGING.c.team)
    return {row.team: row.people for row in connection.execute(counted)}


def members(connection: Connection, teams: Iterable[str]) -> frozenset[str]:
    """Ids of the active people in any of these teams."""
    rows = connection.execute(
        select(BELONGING.c.person)
        .join(PERSON, PERSON.c.id == BELONGING.c.person)
        .where(BELONGING.c.team.in_(list(teams)), PERSON.c.state == "active")
    )
    return frozenset(rows.scalars())


def is_member(connection: Connection, person: str, team: str) -> bool:
    """Whether a person is in a team (its id)."""
    return team in connection.execute(TEAMS_AROUND, {"person": person}).scalars().all()
