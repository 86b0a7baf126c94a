"""Questions of terminals, as the person who answers sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from greenlane.govern.errors import NotFound
from greenlane.identity import tokens
from greenlane.identity.login.tables import LOGIN
from greenlane.kit.clock import stamp


@dataclass(frozen=True, slots=True)
class Login:
    """A terminal that wants to sign in. ``user_code`` is empty where it opened a browser by itself."""

    id: str
    user_code: str
    redirect: str
    state: str
    challenge: str
    scopes: tuple[str, ...]
    days: int
    machine: str
    address: str
    created: str
    expires: str
    person: str | None
    session: str | None
    action: str | None
    allowed: str | None
    refused: str | None
    fetched: str | None
    polled: str | None
    every: int

    def waits(self, now: datetime) -> bool:
        """Whether it can still be answered."""
        return self.allowed is None and self.refused is None and self.expires > stamp(now)


def login(connection: Connection, id: str) -> Login:
    """A question by id. Raises ``NotFound``."""
    found = _one(connection, LOGIN.c.id == id)
    if found is None:
        raise NotFound("No terminal asks this, or it is over.", next_step="Type `greenlane login` once more.")
    return found


def waiting(connection: Connection, user_code: str, now: datetime) -> Login | None:
    """The question with this code (``plain_code``) that waits for an answer."""
    found = _one(connection, LOGIN.c.user_code == user_code)
    return found if found is not None and found.waits(now) else None


def by_secret(connection: Connection, secret: str) -> Login | None:
    """The question that somebody has the secret of."""
    return _one(connection, LOGIN.c.secret == tokens.sha256(secret))


def _one(connection: Connection, where: ColumnElement[bool]) -> Login | None:
    row: Row[Any] | None = connection.execute(select(LOGIN).where(where)).one_or_none()
    if row is None:
        return None
    told = {name: value for name, value in row._mapping.items() if name != "secret"}
    return Login(**{**told, "scopes": tuple(row.scopes), "user_code": row.user_code or ""})
