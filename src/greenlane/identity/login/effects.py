"""How a terminal's question is answered."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, update

from greenlane.govern.effect import Context, Handling, Outcome
from greenlane.govern.errors import Conflict
from greenlane.identity import tokens
from greenlane.identity.login import queries
from greenlane.identity.login.actions import AllowLogin, RefuseLogin
from greenlane.identity.login.tables import LOGIN
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database

FETCHED_WITHIN = timedelta(minutes=2)
"""How long a terminal has to fetch what was allowed."""


def handlings(database: Database) -> dict[str, Handling]:
    """The effects by verb."""

    def allow(action: AllowLogin, context: Context) -> Outcome:
        with database.read() as connection:
            asked = queries.login(connection, action.login)
        return allow_login(action, context, asked)

    return {"allow-login": Handling(allow), "refuse-login": Handling(refuse_login)}


def allow_login(action: AllowLogin, context: Context, asked: queries.Login) -> Outcome:
    """What was asked may be fetched. A terminal that waits behind a browser gets a code for that, once."""
    code = None if asked.user_code else tokens.mint(tokens.Kind.LOGIN)
    more = {} if code is None else {"secret": code.sha256}

    def rows(connection: Connection) -> None:
        now = stamp(context.now)
        _answer(
            connection,
            action.login,
            now,
            allowed=now,
            person=context.actor.person,
            session=context.actor.credential,
            action=context.action_id,
            expires=stamp(context.now + FETCHED_WITHIN),
            **more,
        )

    happened = {"login": action.login, "scopes": list(asked.scopes), "days": asked.days}
    return Outcome(rows, happened=happened, answer={} if code is None else {"code": code.secret})


def refuse_login(action: RefuseLogin, context: Context) -> Outcome:
    """Nothing may be fetched."""

    def rows(connection: Connection) -> None:
        now = stamp(context.now)
        _answer(connection, action.login, now, refused=now, person=context.actor.person)

    return Outcome(rows, happened={"login": action.login})


def _answer(connection: Connection, login: str, now: str, **values: object) -> None:
    one = LOGIN.c
    waits = (one.id == login, one.allowed.is_(None), one.refused.is_(None), one.expires > now)
    if connection.execute(update(LOGIN).where(*waits).values(**values)).rowcount != 1:
        raise Conflict("This was answered already, or is over.", next_step="Type `greenlane login` once more.")
