"""Sign-ins that are under way: begun here, being answered by a provider.

The browser keeps one secret of its own. The state goes along with it; nonce and verifier are made of both, so that the
database holds digests alone and another browser cannot end what this one began.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, delete, func, insert, select

from greenlane.govern.effect import Rows
from greenlane.identity.sso.tables import PENDING_SIGN_IN
from greenlane.kit.clock import parse, stamp

LASTS = timedelta(minutes=15)
"""How long somebody may take at the provider."""

MOST = 20_000
"""Sign-ins under way at the same moment; beyond that the oldest are forgotten."""

Purpose = Literal["sign-in", "link", "join", "test"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a sign-in is for, and where it goes on to. ``fresh``: the person must show themselves anew."""

    purpose: Purpose = "sign-in"
    person: str | None = None
    place: str = ""
    page: str = ""
    fresh: bool = False
    hint: str = field(default="", repr=False)
    """The mail address that somebody typed, for the provider's form."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in that waits for its answer."""

    state: str
    provider: str
    purpose: str
    person: str | None
    place: str
    page: str
    request: str
    fresh: datetime | None


@dataclass(frozen=True, slots=True)
class Begun:
    """The three secrets of a sign-in."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


def browser_secret() -> str:
    """A new secret for a browser."""
    return secrets.token_urlsafe(32)


def is_browser_secret(text: str) -> bool:
    """Whether a text can be one."""
    return 40 <= len(text) <= 60 and text.isascii() and text.replace("-", "").replace("_", "").isalnum()


def made(browser: str, state: str = "") -> Begun:
    """The secrets of a sign-in; anew, or once more those of a state."""
    state = state or secrets.token_urlsafe(32)
    return Begun(state, _of(browser, "nonce", state), _of(browser, "verifier", state))


def _of(browser: str, what: str, state: str) -> str:
    return (
        base64.urlsafe_b64encode(hmac.digest(browser.encode(), f"{what}:{state}".encode(), "sha256"))
        .rstrip(b"=")
        .decode()
    )


def remembered(begun: str, browser: str, provider: str, wish: Wish, request: str, now: datetime) -> Rows:
    """Rows of a sign-in that begins with this state."""

    def rows(connection: Connection) -> None:
        table = PENDING_SIGN_IN.c
        connection.execute(delete(PENDING_SIGN_IN).where(table.expires <= stamp(now)))
        if connection.execute(select(func.count()).select_from(PENDING_SIGN_IN)).scalar_one() >= MOST:
            oldest = select(table.state).order_by(table.expires).limit(MOST // 10).scalar_subquery()
            connection.execute(delete(PENDING_SIGN_IN).where(table.state.in_(oldest)))
        connection.execute(
            insert(PENDING_SIGN_IN).values(
                state=_sha256(begun),
                provider=provider,
                browser=_sha256(browser),
                purpose=wish.purpose,
                person=wish.person,
                place=wish.place,
                page=wish.page,
                request=request,
                fresh=stamp(now) if wish.fresh else None,
                expires=stamp(now + LASTS),
            )
        )

    return rows


def waiting(connection: Connection, state: str, browser: str, provider: str, now: datetime) -> Pending | None:
    """The sign-in that a state belongs to, if this very browser began it with this provider and it still waits."""
    row = connection.execute(
        select(PENDING_SIGN_IN).where(
            PENDING_SIGN_IN.c.state == _sha256(state),
            PENDING_SIGN_IN.c.provider == provider,
            PENDING_SIGN_IN.c.expires > stamp(now),
        )
    ).one_or_none()
    if row is None or not hmac.compare_digest(row.browser, _sha256(browser)):
        return None
    fresh = None if row.fresh is None else parse(row.fresh)
    return Pending(row.state, row.provider, row.purpose, row.person, row.place, row.page, row.request, fresh)


def ended(connection: Connection, state: str) -> bool:
    """End a sign-in (by its kept state); whether it was still there."""
    return connection.execute(delete(PENDING_SIGN_IN).where(PENDING_SIGN_IN.c.state == state)).rowcount == 1


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
