"""Reads about people: who they are, what they may do and why, and who a secret belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from greenlane.govern.actor import Actor
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.identity import roles, tokens
from greenlane.identity.tables import (
    INVITATION,
    MEMBERSHIP,
    PERSON,
    ROLE_GRANT,
    SESSION,
    SIGN_IN_LINK,
    TEAM,
    TOKEN,
)
from greenlane.kit import ids
from greenlane.kit.clock import parse, stamp

TeamOfApp = Callable[[Connection, str], str | None]
"""The id of the team that has an app, None where there is no such app. Handed in: apps stand above people."""

ORGANISATION = "organisation"
"""The widest scope of a role."""


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
    """A team and how many people are in it."""

    id: str
    name: str
    members: int


@dataclass(frozen=True, slots=True)
class Held:
    """A role that somebody holds: where, since when, and by which action. That action's receipt says who gave it."""

    role: str
    scope: str
    action: str
    since: str


@dataclass(frozen=True, slots=True)
class Signed:
    """Who a secret stands for, and what it may be used for. ``vouched_by`` is explained in ``tables``."""

    actor: Actor
    scopes: tuple[str, ...]
    vouched_by: str | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """An API token as its person sees it. The secret itself is not kept anywhere."""

    id: str
    name: str
    shown: str
    person: str
    agent: str
    scopes: tuple[str, ...]
    created: str
    expires: str | None
    revoked: str | None
    last_used: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in."""

    id: str
    person: str
    through: str
    created: str
    expires: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that can still be used: to which team (its name), in which role, until when."""

    id: str
    team: str
    role: str
    made_by: str
    expires: str


# people and teams


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
    found = _people(connection, where)
    if not found:
        raise NotFound(f"There is nobody called {words!r} here.", next_step="`greenlane people` lists everybody.")
    if len(found) > 1:
        raise WrongInput(f"{words!r} is the name of several people.", next_step="Give the mail address or the id.")
    return found[0]


def people(connection: Connection) -> list[Person]:
    """Everybody who was not erased, by name."""
    return sorted(_people(connection, PERSON.c.state != "erased"), key=lambda one: (one.name.casefold(), one.id))


def _people(connection: Connection, where: ColumnElement[bool]) -> list[Person]:
    rows = connection.execute(select(PERSON).where(where)).all()
    teams: dict[str, list[str]] = {}
    for row in connection.execute(
        select(MEMBERSHIP.c.person, TEAM.c.name)
        .join(TEAM, TEAM.c.id == MEMBERSHIP.c.team)
        .where(MEMBERSHIP.c.person.in_([row.id for row in rows]))
        .order_by(MEMBERSHIP.c.since, TEAM.c.id)
    ):
        teams.setdefault(row.person, []).append(row.name)
    return [
        Person(row.id, row.name, row.email, row.state, row.source, row.created, tuple(teams.get(row.id, ())))
        for row in rows
    ]


def names(connection: Connection, people: Iterable[str]) -> dict[str, str]:
    """The names of people by id, for sentences; whoever was erased or never was is missing."""
    rows = connection.execute(
        select(PERSON.c.id, PERSON.c.name).where(PERSON.c.id.in_(set(people)), PERSON.c.name != "")
    )
    return {row.id: row.name for row in rows}


def members_active(connection: Connection) -> int:
    """How many people can act in this organisation."""
    return connection.execute(select(func.count()).select_from(PERSON).where(PERSON.c.state == "active")).scalar_one()


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
    first = connection.execute(
        select(MEMBERSHIP.c.team)
        .where(MEMBERSHIP.c.person == person)
        .order_by(MEMBERSHIP.c.since, MEMBERSHIP.c.team)
        .limit(1)
    ).scalar_one_or_none()
    return None if first is None else team(connection, first)


def _teams(connection: Connection, *where: ColumnElement[bool]) -> list[Team]:
    rows = connection.execute(
        select(TEAM.c.id, TEAM.c.name, func.count(MEMBERSHIP.c.person).label("members"))
        .outerjoin(MEMBERSHIP, MEMBERSHIP.c.team == TEAM.c.id)
        .where(*where)
        .group_by(TEAM.c.id, TEAM.c.name)
        .order_by(TEAM.c.name)
    )
    return [Team(row.id, row.name, row.members) for row in rows]


def members(connection: Connection, teams: Iterable[str]) -> frozenset[str]:
    """Ids of the active people in any of these teams."""
    rows = connection.execute(
        select(MEMBERSHIP.c.person)
        .join(PERSON, PERSON.c.id == MEMBERSHIP.c.person)
        .where(MEMBERSHIP.c.team.in_(list(teams)), PERSON.c.state == "active")
    )
    return frozenset(rows.scalars())


def is_member(connection: Connection, person: str, team: str) -> bool:
    """Whether a person is in a team (its id)."""
    there = select(MEMBERSHIP.c.person).where(MEMBERSHIP.c.person == person, MEMBERSHIP.c.team == team)
    return connection.execute(there).one_or_none() is not None


# roles


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
    rows = connection.execute(
        select(ROLE_GRANT).where(ROLE_GRANT.c.person == person).order_by(ROLE_GRANT.c.since, ROLE_GRANT.c.role)
    )
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


def state_of(connection: Connection, person: str) -> str | None:
    """invited, active, suspended or erased; None for an id that nobody has."""
    return connection.execute(select(PERSON.c.state).where(PERSON.c.id == person)).scalar_one_or_none()


# secrets


def who_is(connection: Connection, secret: str, now: datetime) -> Signed | None:
    """Whom an API token or a session's secret stands for; None when it is not a real one, not live, or its person is
    not active. A text that this program never made is refused by its checksum, without a look at the database.
    """
    kind = tokens.kind_of(secret)
    if kind is tokens.Kind.API:
        return _signed_by_token(connection, _live_token(connection, TOKEN.c.secret == tokens.sha256(secret), now))
    if kind is tokens.Kind.SESSION:
        row = _live_session(connection, SESSION.c.secret == tokens.sha256(secret), now)
        if row is not None:
            return Signed(Actor("person", row.person, credential=row.id), tuple(row.scopes), row.vouched_by)
    return None


def _signed_by_token(connection: Connection, row: Row[Any] | None) -> Signed | None:
    if row is None:
        return None
    if row.agent:
        actor = Actor("agent", row.agent, on_behalf_of=row.person, credential=row.id)
    else:
        actor = Actor("person", row.person, credential=row.id)
    return Signed(actor, tuple(row.scopes), row.vouched_by)


def _live_token(connection: Connection, where: ColumnElement[bool], now: datetime) -> Row[Any] | None:
    return connection.execute(
        select(TOKEN)
        .join(PERSON, PERSON.c.id == TOKEN.c.person)
        .where(
            where,
            PERSON.c.state == "active",
            TOKEN.c.revoked.is_(None),
            or_(TOKEN.c.expires.is_(None), TOKEN.c.expires > stamp(now)),
        )
    ).one_or_none()


def _live_session(connection: Connection, where: ColumnElement[bool], now: datetime) -> Row[Any] | None:
    return connection.execute(
        select(SESSION)
        .join(PERSON, PERSON.c.id == SESSION.c.person)
        .where(where, PERSON.c.state == "active", SESSION.c.ended.is_(None), SESSION.c.expires > stamp(now))
    ).one_or_none()


def who_signs_in(connection: Connection, secret: str, now: datetime) -> Signed | None:
    """Whom a one-time link or an API token would sign in: the actor of ``SignIn``. Uses nothing up.

    An agent's token signs nobody in: a browser belongs to a person.
    """
    kind = tokens.kind_of(secret)
    if kind is tokens.Kind.API:
        signed = who_is(connection, secret, now)
        return signed if signed is not None and signed.actor.kind == "person" else None
    if kind is tokens.Kind.LINK:
        row = connection.execute(
            select(SIGN_IN_LINK)
            .join(PERSON, PERSON.c.id == SIGN_IN_LINK.c.person)
            .where(
                SIGN_IN_LINK.c.secret == tokens.sha256(secret),
                SIGN_IN_LINK.c.used.is_(None),
                SIGN_IN_LINK.c.expires > stamp(now),
                PERSON.c.state.in_(("invited", "active")),
            )
        ).one_or_none()
        if row is not None:
            return Signed(Actor("person", row.person, credential=row.id), roles.EVERY_SCOPE, row.vouched_by)
    return None


def invitation(connection: Connection, secret: str, now: datetime) -> Invitation | None:
    """The invitation behind a secret, while it can be used."""
    if tokens.kind_of(secret) is not tokens.Kind.INVITATION:
        return None
    found = _invitations(connection, now, INVITATION.c.secret == tokens.sha256(secret))
    return found[0] if found else None


def invitations(connection: Connection, now: datetime) -> list[Invitation]:
    """The invitations that can still be used."""
    return _invitations(connection, now)


def _invitations(connection: Connection, now: datetime, *where: ColumnElement[bool]) -> list[Invitation]:
    rows = connection.execute(
        select(INVITATION, TEAM.c.name.label("team_name"))
        .join(TEAM, TEAM.c.id == INVITATION.c.team)
        .where(*where, INVITATION.c.used.is_(None), INVITATION.c.expires > stamp(now))
        .order_by(INVITATION.c.created)
    )
    return [Invitation(row.id, row.team_name, row.role, row.made_by, row.expires) for row in rows]


def invitee(connection: Connection, secret: str, now: datetime) -> Signed | None:
    """A person to be, for somebody who is not signed in: the actor of ``AcceptInvitation``, with a new id."""
    found = invitation(connection, secret, now)
    return None if found is None else Signed(Actor("person", ids.new("p"), credential=found.id), ())


def token(connection: Connection, token: str) -> Token:
    """An API token by id. Raises ``NotFound``."""
    found = _tokens(connection, TOKEN.c.id == token)
    if not found:
        raise NotFound(f"There is no token {token}.", next_step="`greenlane token` lists yours.")
    return found[0]


def tokens_of(connection: Connection, person: str) -> list[Token]:
    """The API tokens of a person, the newest first, revoked ones included."""
    return _tokens(connection, TOKEN.c.person == person)


def _tokens(connection: Connection, where: ColumnElement[bool]) -> list[Token]:
    rows = connection.execute(select(TOKEN).where(where).order_by(TOKEN.c.created.desc(), TOKEN.c.id.desc()))
    return [
        Token(
            row.id,
            row.name,
            row.shown,
            row.person,
            row.agent,
            tuple(row.scopes),
            row.created,
            row.expires,
            row.revoked,
            row.last_used,
        )
        for row in rows
    ]


def sessions_of(connection: Connection, person: str, now: datetime) -> list[Session]:
    """The sessions of a person that still run, the newest first."""
    rows = connection.execute(
        select(SESSION)
        .where(SESSION.c.person == person, SESSION.c.ended.is_(None), SESSION.c.expires > stamp(now))
        .order_by(SESSION.c.created.desc(), SESSION.c.id.desc())
    )
    return [Session(row.id, row.person, row.through, row.created, row.expires) for row in rows]


@dataclass(frozen=True, slots=True)
class Credential:
    """What a session or token, known by its id, may be used for."""

    live: bool
    scopes: tuple[str, ...]
    vouched_by: str | None


def credential(connection: Connection, id: str) -> Credential | None:
    """The session or API token of that id; None for other credentials. Expiry was checked when its secret was shown."""
    row = connection.execute(
        select(TOKEN.c.revoked.label("ended"), TOKEN.c.scopes, TOKEN.c.vouched_by)
        .where(TOKEN.c.id == id)
        .union_all(select(SESSION.c.ended, SESSION.c.scopes, SESSION.c.vouched_by).where(SESSION.c.id == id))
    ).one_or_none()
    return None if row is None else Credential(row.ended is None, tuple(row.scopes), row.vouched_by)


# for the edge


@dataclass(frozen=True, slots=True)
class Visitors:
    """What the edge must know to let people in, in the form of its table. Sessions and tokens go by SHA-256."""

    people: dict[str, dict[str, Any]]
    sessions: dict[str, str]
    tokens: dict[str, dict[str, Any]]


def visitors(connection: Connection, now: datetime) -> Visitors:
    """People with their teams, sessions that may open apps, and every live token. Suspended people are not ``active``.

    Tokens without the scope ``visit`` are there too, so that whoever sends one hears that it is too narrow.
    """
    people: dict[str, dict[str, Any]] = {
        row.id: {"teams": [], "active": row.state == "active"}
        for row in connection.execute(select(PERSON.c.id, PERSON.c.state).where(PERSON.c.state != "erased"))
    }
    for row in connection.execute(select(MEMBERSHIP.c.person, MEMBERSHIP.c.team).order_by(MEMBERSHIP.c.team)):
        if row.person in people:
            people[row.person]["teams"].append(row.team)
    sessions = connection.execute(
        select(SESSION.c.secret, SESSION.c.person, SESSION.c.scopes).where(
            SESSION.c.ended.is_(None), SESSION.c.expires > stamp(now)
        )
    )
    live = connection.execute(
        select(TOKEN).where(TOKEN.c.revoked.is_(None), or_(TOKEN.c.expires.is_(None), TOKEN.c.expires > stamp(now)))
    )
    return Visitors(
        people,
        {row.secret: row.person for row in sessions if "visit" in row.scopes},
        {
            row.secret: {
                "person": row.person,
                "scopes": list(row.scopes),
                "expires": None if row.expires is None else parse(row.expires).timestamp(),
            }
            for row in live
        },
    )
