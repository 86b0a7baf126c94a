"""Reads about directories: which there are, their tokens, what they brought, and what they asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, case, func, select

from greenlane.govern.actor import Actor
from greenlane.govern.errors import NotFound
from greenlane.identity import tokens
from greenlane.identity.provisioning.tables import (
    DIRECTORY,
    DIRECTORY_AGENT,
    DIRECTORY_JOIN,
    DIRECTORY_REQUEST,
    DIRECTORY_TOKEN,
    DIRECTORY_USER,
)
from greenlane.identity.tables import PERSON
from greenlane.kit.clock import stamp

ACTS_AS = "directory:"
"""How the id of an actor begins that is a directory."""


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory that brings people."""

    id: str
    name: str
    made_by: str
    action: str
    since: str
    people: int
    inactive: int


@dataclass(frozen=True, slots=True)
class DirectoryToken:
    """A token of a directory. The secret itself is not kept anywhere."""

    id: str
    directory: str
    shown: str
    made_by: str
    created: str
    expires: str
    revoked: str | None
    last_used: str | None


@dataclass(frozen=True, slots=True)
class Came:
    """A directory that came in with its token."""

    directory: str
    name: str
    token: str
    made_by: str
    last_used: str | None

    @property
    def actor(self) -> Actor:
        """As whom it acts: the directory, for whoever made its token."""
        return Actor("app", f"{ACTS_AS}{self.name}", on_behalf_of=self.made_by, credential=self.token)


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody who was here before, and whom a directory takes over; ``taken`` once it did. ``proven_by`` is the provider
    with whose sign-in they showed by themselves that they are this; empty where an administrator said it.
    """

    person: str
    name: str
    known_as: str
    since: str
    taken: bool
    proven_by: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of a directory as it was noted."""

    id: str
    at: str
    method: str
    path: str
    sent: dict[str, Any]
    status: int
    did: list[dict[str, str]]
    why: str


def directories(connection: Connection) -> list[Directory]:
    """Those that are connected, by name."""
    off = func.count(case((DIRECTORY_USER.c.active.is_(False), DIRECTORY_USER.c.person)))
    rows = connection.execute(
        select(DIRECTORY, func.count(DIRECTORY_USER.c.person).label("people"), off.label("off"))
        .outerjoin(DIRECTORY_USER, (DIRECTORY_USER.c.directory == DIRECTORY.c.id) & DIRECTORY_USER.c.released.is_(None))
        .where(DIRECTORY.c.ended.is_(None))
        .group_by(*DIRECTORY.c)
        .order_by(DIRECTORY.c.name)
    )
    return [Directory(r.id, r.name, r.made_by, r.action, r.since, r.people, r.off) for r in rows]


def directory(connection: Connection, words: str) -> Directory:
    """A connected directory by name or id. Raises ``NotFound``."""
    for one in directories(connection):
        if words in {one.name, one.id}:
            return one
    raise NotFound(f"There is no directory called {words!r}.", next_step="`greenlane directory` lists them.")


def tokens_of(connection: Connection, directory: str) -> list[DirectoryToken]:
    """The tokens of a directory (its id), the newest first, ended ones included."""
    rows = connection.execute(
        select(DIRECTORY_TOKEN)
        .where(DIRECTORY_TOKEN.c.directory == directory)
        .order_by(DIRECTORY_TOKEN.c.created.desc(), DIRECTORY_TOKEN.c.id.desc())
    )
    return [_token(row) for row in rows]


def token(connection: Connection, token: str) -> DirectoryToken:
    """A token by id. Raises ``NotFound``."""
    row = connection.execute(select(DIRECTORY_TOKEN).where(DIRECTORY_TOKEN.c.id == token)).one_or_none()
    if row is None:
        raise NotFound(f"There is no token {token} of a directory.", next_step="`greenlane directory` lists them.")
    return _token(row)


def _token(row: Row[Any]) -> DirectoryToken:
    return DirectoryToken(
        row.id, row.directory, row.shown, row.made_by, row.created, row.expires, row.revoked, row.last_used
    )


def who_comes(connection: Connection, secret: str, now: datetime) -> Came | None:
    """The directory whose live token this is; None for anything else."""
    if tokens.kind_of(secret) is not tokens.Kind.DIRECTORY:
        return None
    return _came(connection, now, secret=tokens.sha256(secret))


def came_with(connection: Connection, token: str, now: datetime) -> Came | None:
    """The directory that acts with the token of that id, while the token lives."""
    return _came(connection, now, id=token)


def _came(connection: Connection, now: datetime, **which: str) -> Came | None:
    row = connection.execute(
        select(DIRECTORY_TOKEN, DIRECTORY.c.name)
        .join(DIRECTORY, DIRECTORY.c.id == DIRECTORY_TOKEN.c.directory)
        .where(
            *(DIRECTORY_TOKEN.c[column] == value for column, value in which.items()),
            DIRECTORY_TOKEN.c.revoked.is_(None),
            DIRECTORY_TOKEN.c.expires > stamp(now),
            DIRECTORY.c.ended.is_(None),
        )
    ).one_or_none()
    return None if row is None else Came(row.directory, row.name, row.id, row.made_by, row.last_used)


def directory_of(connection: Connection, person: str) -> str | None:
    """The id of the directory that brought a person and has not let go of them."""
    found = select(DIRECTORY_USER.c.directory).where(
        DIRECTORY_USER.c.person == person, DIRECTORY_USER.c.released.is_(None)
    )
    return connection.execute(found).scalar_one_or_none()


def switched_off_by(connection: Connection, person: str) -> str | None:
    """The name of the connected directory that says a person is not active."""
    found = (
        select(DIRECTORY.c.name)
        .join(DIRECTORY_USER, DIRECTORY_USER.c.directory == DIRECTORY.c.id)
        .where(DIRECTORY_USER.c.person == person, DIRECTORY_USER.c.active.is_(False), DIRECTORY.c.ended.is_(None))
        .where(DIRECTORY_USER.c.released.is_(None))
    )
    return connection.execute(found).scalar_one_or_none()


def known_as(connection: Connection, directory: str, *, external_id: str = "", user_name: str = "") -> str | None:
    """The id of the person that a directory (its id) knows by its own immutable id, or by a user name."""
    which = (
        DIRECTORY_USER.c.external_id == external_id if external_id else DIRECTORY_USER.c.user_name == user_name.lower()
    )
    found = select(DIRECTORY_USER.c.person).where(
        DIRECTORY_USER.c.directory == directory, DIRECTORY_USER.c.released.is_(None), which
    )
    people = connection.execute(found).scalars().all()
    return people[0] if len(people) == 1 else None


def known(connection: Connection, directory: str, name: str) -> bool:
    """Whether a directory (its id) has brought somebody whom it calls so, by userName or by externalId."""
    by_name = DIRECTORY_USER.c.user_name == name.lower()
    found = select(DIRECTORY_USER.c.person).where(
        DIRECTORY_USER.c.directory == directory, by_name | (DIRECTORY_USER.c.external_id == name)
    )
    return connection.execute(found).first() is not None


def brought_as(connection: Connection, directory: str, external_id: str) -> set[str]:
    """The ids of all people whom a directory (its id) ever brought by an immutable id of its own."""
    found = select(DIRECTORY_USER.c.person).where(
        DIRECTORY_USER.c.directory == directory, DIRECTORY_USER.c.external_id == external_id
    )
    return set(connection.execute(found).scalars())


def joined_with(connection: Connection, person: str) -> str | None:
    """The name of the directory that a person was joined with here."""
    found = (
        select(DIRECTORY.c.name)
        .join(DIRECTORY_JOIN, DIRECTORY_JOIN.c.directory == DIRECTORY.c.id)
        .where(DIRECTORY_JOIN.c.person == person)
    )
    return connection.execute(found).scalar_one_or_none()


def meant(connection: Connection, directory: str, user_name: str, external_id: str) -> set[str]:
    """The ids of people here who were joined with what a directory (its id) calls so.

    Who joined by a sign-in is met by the directory's own id alone: a name can be given to somebody else.
    """
    named = (DIRECTORY_JOIN.c.user_name == user_name.lower()) & DIRECTORY_JOIN.c.proven_by.is_(None)
    if external_id:
        named |= DIRECTORY_JOIN.c.known_as == external_id
    found = select(DIRECTORY_JOIN.c.person).where(DIRECTORY_JOIN.c.directory == directory, named)
    return set(connection.execute(found).scalars())


def joins(connection: Connection, directory: str) -> list[Joined]:
    """Everybody who was joined with a directory (its id), by name."""
    rows = connection.execute(
        select(DIRECTORY_JOIN, PERSON.c.name, DIRECTORY_USER.c.person.label("taken"))
        .join(PERSON, PERSON.c.id == DIRECTORY_JOIN.c.person)
        .outerjoin(
            DIRECTORY_USER,
            (DIRECTORY_USER.c.person == DIRECTORY_JOIN.c.person) & (DIRECTORY_USER.c.directory == directory),
        )
        .where(DIRECTORY_JOIN.c.directory == directory)
        .order_by(func.lower(PERSON.c.name), DIRECTORY_JOIN.c.person)
    )
    return [_joined(row) for row in rows]


def joined(connection: Connection, person: str) -> Joined | None:
    """How a person was joined with a directory; None where nobody did that."""
    row = connection.execute(
        select(DIRECTORY_JOIN, PERSON.c.name, DIRECTORY_USER.c.person.label("taken"))
        .join(PERSON, PERSON.c.id == DIRECTORY_JOIN.c.person)
        .outerjoin(
            DIRECTORY_USER,
            (DIRECTORY_USER.c.person == DIRECTORY_JOIN.c.person)
            & (DIRECTORY_USER.c.directory == DIRECTORY_JOIN.c.directory),
        )
        .where(DIRECTORY_JOIN.c.person == person)
    ).one_or_none()
    return None if row is None else _joined(row)


def _joined(row: Row[Any]) -> Joined:
    return Joined(row.person, row.name, row.known_as, row.since, row.taken is not None, row.proven_by or "")


def agent_switched_off(connection: Connection, name: str) -> bool:
    """Whether a connected directory says of an agent that it is not active."""
    found = (
        select(DIRECTORY_AGENT.c.id)
        .join(DIRECTORY, DIRECTORY.c.id == DIRECTORY_AGENT.c.directory)
        .where(
            (func.lower(DIRECTORY_AGENT.c.name) == name.lower()) | (DIRECTORY_AGENT.c.agent == name),
            DIRECTORY_AGENT.c.active.is_(False),
            DIRECTORY.c.ended.is_(None),
        )
    )
    return connection.execute(found).first() is not None


def requests(connection: Connection, directory: str, *, limit: int = 50, before: str = "") -> list[Asked]:
    """What a directory asked, the newest first; ``before`` is the id of the last one seen."""
    where = [DIRECTORY_REQUEST.c.directory == directory]
    if before:
        where.append(DIRECTORY_REQUEST.c.id < before)
    rows = connection.execute(
        select(DIRECTORY_REQUEST).where(*where).order_by(DIRECTORY_REQUEST.c.id.desc()).limit(limit)
    )
    return [Asked(r.id, r.at, r.method, r.path, r.sent, r.status, r.did, r.why) for r in rows]
