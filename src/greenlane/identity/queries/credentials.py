"""Who a secret belongs to, and what it may be used for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, null, or_, select

from greenlane.govern.actor import Actor
from greenlane.govern.errors import NotFound
from greenlane.identity import roles, tokens
from greenlane.identity.tables import PERSON, SESSION, SIGN_IN_LINK, TOKEN
from greenlane.kit.clock import stamp

_CREDENTIAL = (
    select(TOKEN.c.revoked.label("ended"), TOKEN.c.scopes, TOKEN.c.vouched_by, null().label("signed_in"))
    .where(TOKEN.c.id == bindparam("id"))
    .union_all(
        select(SESSION.c.ended, SESSION.c.scopes, SESSION.c.vouched_by, SESSION.c.created).where(
            SESSION.c.id == bindparam("id")
        )
    )
)


@dataclass(frozen=True, slots=True)
class Signed:
    """Who a secret stands for, and what it may be used for. ``vouched_by`` is explained in ``tables``."""

    actor: Actor
    scopes: tuple[str, ...]
    vouched_by: str | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """What a session or token, known by its id, may be used for."""

    live: bool
    scopes: tuple[str, ...]
    vouched_by: str | None
    signed_in: str | None
    """When the session was opened; None for a token, which nobody signs in with each time."""


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
    """The id of what opened it, from whose prefix ``opened_with`` reads what that was."""
    created: str
    expires: str
    """When it ends if nobody works with it; ``ends`` is when it ends in any case."""
    ends: str
    device: str | None
    address: str | None
    last_seen: str | None


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


def credential(connection: Connection, id: str) -> Credential | None:
    """The session or API token of that id; None for other credentials. Expiry was checked when its secret was shown."""
    row = connection.execute(_CREDENTIAL, {"id": id}).one_or_none()
    return None if row is None else Credential(row.ended is None, tuple(row.scopes), row.vouched_by, row.signed_in)


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
    return [_session(row) for row in rows]


def session(connection: Connection, session: str) -> Session:
    """A session by id, whether it still runs or not. Raises ``NotFound``."""
    row = connection.execute(select(SESSION).where(SESSION.c.id == session)).one_or_none()
    if row is None:
        raise NotFound(f"There is no session {session}.", next_step="`greenlane sessions` lists yours.")
    return _session(row)


def _session(row: Row[Any]) -> Session:
    return Session(
        row.id,
        row.person,
        row.through,
        row.created,
        row.expires,
        row.ends or row.expires,
        row.device,
        row.address,
        row.last_seen,
    )


_OPENED_WITH = {
    "lnk": "a one-time link",
    "tok": "an API token",
    "inv": "an invitation",
    "pwd": "a password",
    "pky": "a passkey",
    "rcv": "a recovery code",
    "idn": "the company's sign-in",
}


def opened_with(through: str) -> str:
    """What opened a session, in words."""
    return _OPENED_WITH.get(through.partition("_")[0], "something else")
