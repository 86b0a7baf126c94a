"""A terminal asks, waits and fetches. OAuth 2.1 with one client that is known to everybody: Greenlane's own terminal.

Two ways to the same page. With a browser on the same machine: authorization code with PKCE, back to a loopback address
(RFC 8252, section 7.3). With a browser anywhere: a code that a person types (RFC 8628). Errors are OAuth's own.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy import Connection, delete, func, insert, select, update

from greenlane.govern.actor import Actor
from greenlane.govern.door import Answer, Door
from greenlane.govern.effect import Rows
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.identity import names, roles, tokens
from greenlane.identity.actions import CreateToken
from greenlane.identity.attempts import Attempts
from greenlane.identity.delegation.exchange import NotExchanged
from greenlane.identity.login import queries
from greenlane.identity.login.flows import CLIENT, LETTERS, OPEN_FOR, challenge_of, plain_code, shown_code
from greenlane.identity.login.queries import Login
from greenlane.identity.login.tables import LOGIN
from greenlane.kit import ids
from greenlane.kit.clock import parse, stamp

EVERY = 5
"""Seconds between two questions of a terminal that waits, and how many more each time that it did not wait (RFC 8628)."""

MOST_OF_ADDRESS = 20
"""Questions of one address that may wait at the same moment."""

MOST = 5_000
"""The same for all together; beyond that the oldest are forgotten."""

LONGEST_STATE = 512


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a terminal asks for, as it said so. ``address`` is where it, or the browser that it opened, asked from."""

    client: str
    scopes: tuple[str, ...]
    days: int
    machine: str
    address: str

    def check(self) -> None:
        """Raises ``NotExchanged``."""
        if self.client != CLIENT:
            raise NotExchanged("invalid_client", "This client is not known here.", f"The terminal is {CLIENT}.")
        try:
            names.check_token_scopes(self.scopes)
            names.check_days(self.days, 365)
            names.check_label(self.machine)
        except WrongInput as error:
            kind = "invalid_scope" if "scope" in error.message else "invalid_request"
            raise NotExchanged(kind, error.message, error.next_step) from error


@dataclass(frozen=True, slots=True)
class Begun:
    """A device's question: its own secret, and the code that a person types."""

    secret: str
    user_code: str
    seconds: int
    every: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """A token for a terminal."""

    token: str
    scopes: tuple[str, ...]
    seconds: int


class Logins:
    """Takes questions and hands tokens out. ``write`` is the ledger's way to write rows without a receipt."""

    def __init__(self, door: Door, attempts: Attempts, write: Callable[[Rows], None]) -> None:
        self._door = door
        self._attempts = attempts
        self._write = write

    # asking

    def by_device(self, wanted: Wanted) -> Begun:
        """A question that a person finds by its code. Raises ``NotExchanged``."""
        wanted.check()
        secret, typed = tokens.mint(tokens.Kind.LOGIN), "".join(secrets.choice(LETTERS) for _ in range(8))
        self._ask(wanted, secret=secret.sha256, user_code=typed)
        return Begun(secret.secret, shown_code(typed), int(OPEN_FOR.total_seconds()), EVERY)

    def by_browser(self, wanted: Wanted, redirect: str, state: str, challenge: str, person: str) -> str:
        """A question of the terminal on whose machine the person's browser runs: its id. Raises ``NotExchanged``."""
        wanted.check()
        if len(challenge) != 43:
            raise NotExchanged("invalid_request", "A challenge of PKCE (S256) is missing.")
        if not state or len(state) > LONGEST_STATE:
            raise NotExchanged("invalid_request", "A state is missing, or too long.")
        return self._ask(wanted, redirect=redirect, state=state, challenge=challenge, person=person)

    def _ask(self, wanted: Wanted, **more: str) -> str:
        id, now = ids.new("lgn"), self._door.clock.now()

        def rows(connection: Connection) -> None:
            sweep(now)(connection)
            open_ones = select(func.count()).select_from(LOGIN).where(LOGIN.c.fetched.is_(None))
            from_there = open_ones.where(LOGIN.c.address == wanted.address, LOGIN.c.expires > stamp(now))
            if connection.execute(from_there).scalar_one() >= MOST_OF_ADDRESS:
                raise NotExchanged("slow_down", "Too many terminals at this address wait already.", "Try in a while.")
            if connection.execute(open_ones).scalar_one() >= MOST:
                oldest = select(LOGIN.c.id).order_by(LOGIN.c.expires).limit(1).scalar_subquery()
                connection.execute(delete(LOGIN).where(LOGIN.c.id == oldest))
            asked = {"redirect": "", "state": "", "challenge": "", **more}
            connection.execute(
                insert(LOGIN).values(
                    id=id,
                    scopes=[one for one in roles.SCOPES if one in wanted.scopes],
                    days=wanted.days,
                    machine=wanted.machine,
                    address=wanted.address,
                    created=stamp(now),
                    expires=stamp(now + OPEN_FOR),
                    every=EVERY,
                    **asked,
                )
            )

        self._write(rows)
        return id

    # answering

    def find(self, typed: str, address: str, person: str) -> Login:
        """The question whose code a person typed. Raises ``NotFound``, and ``TooSoon`` for whoever guesses."""
        attempt = self._attempts.begin(address, f"terminal {person}")
        with self._door.database.read() as connection:
            found = queries.waiting(connection, plain_code(typed), self._door.clock.now())
        if found is None:
            raise NotFound(
                "No terminal waits with this code.", next_step="Look for a typing mistake, or let it ask once more."
            )
        self._attempts.was_right(attempt)
        return found

    # fetching

    def fetch_by_code(self, client: str, code: str, redirect: str, verifier: str) -> Fetched:
        """The token for the code that a browser carried back. Raises ``NotExchanged``."""
        asked = self._asked(client, code)
        right = hmac.compare_digest(challenge_of(verifier).encode(), asked.challenge.encode())
        if asked.user_code or redirect != asked.redirect or not right:
            raise _no_such("This code was given to another terminal.")
        return self._fetch(asked)

    def fetch_by_device(self, client: str, secret: str) -> Fetched:
        """The token for a device, as soon as its person has answered. Raises ``NotExchanged`` until then."""
        asked, now = self._asked(client, secret), self._door.clock.now()
        if not asked.user_code:
            raise _no_such("This is no device's code.")
        if asked.refused is not None:
            raise NotExchanged("access_denied", "This was refused in the browser.", "Nothing was given.")
        if asked.fetched is None and asked.expires <= stamp(now):
            raise NotExchanged("expired_token", "Nobody answered in time.", "Type `greenlane login` once more.")
        if asked.allowed is None:
            raise self._not_yet(asked, now)
        return self._fetch(asked)

    def _not_yet(self, asked: Login, now: datetime) -> NotExchanged:
        early = asked.polled is not None and parse(asked.polled) + timedelta(seconds=asked.every) > now
        every = asked.every + EVERY if early else asked.every

        def rows(connection: Connection) -> None:
            polled = update(LOGIN).where(LOGIN.c.id == asked.id).values(polled=stamp(now), every=every)
            connection.execute(polled)

        self._write(rows)
        if early:
            return NotExchanged("slow_down", f"Ask every {every} seconds.")
        return NotExchanged("authorization_pending", "Nobody has answered yet.", "Ask again in a moment.")

    def _asked(self, client: str, secret: str) -> Login:
        if client != CLIENT:
            raise NotExchanged("invalid_client", "This client is not known here.", f"The terminal is {CLIENT}.")
        found = None
        if tokens.kind_of(secret) is tokens.Kind.LOGIN:
            with self._door.database.read() as connection:
                found = queries.by_secret(connection, secret)
        if found is None:
            raise _no_such("This code is unknown, or over.")
        return found

    def _fetch(self, asked: Login) -> Fetched:
        """Use the question up, then make the token in the session in which it was allowed. Once, whoever is faster."""
        now = self._door.clock.now()

        def use(connection: Connection) -> None:
            one = LOGIN.c
            ready = (one.id == asked.id, one.allowed.is_not(None), one.fetched.is_(None), one.expires > stamp(now))
            if connection.execute(update(LOGIN).where(*ready).values(fetched=stamp(now))).rowcount != 1:
                raise _no_such("This code was used already, or is over.")

        self._write(use)
        assert asked.person is not None, "somebody allowed it"
        token = CreateToken(name=_name(asked.machine), scopes=asked.scopes, days=asked.days)
        person = Actor("person", asked.person, credential=asked.session)
        told = self._door.govern(person, token, cause=asked.action)
        if told.state != "done":
            raise NotExchanged("access_denied", *_why(told))
        return Fetched(
            str(told.answer["token"]),
            asked.scopes,
            int((parse(str(told.answer["expires"])) - now).total_seconds()),
        )


def sweep(now: datetime) -> Rows:
    """Rows that forget questions which are over, with where they came from."""

    def rows(connection: Connection) -> None:
        connection.execute(delete(LOGIN).where(LOGIN.c.expires < stamp(now - OPEN_FOR)))

    return rows


def led_back(asked: Login, issuer: str, **answer: str) -> str:
    """The address at which a terminal hears its answer, with who says so (RFC 9207)."""
    return f"{asked.redirect}?{urlencode({**answer, 'state': asked.state, 'iss': issuer})}"


def _name(machine: str) -> str:
    return f"terminal on {machine}" if machine else "terminal"


def _why(told: Answer) -> tuple[str, str]:
    first = told.decision.reasons[0] if told.decision.reasons else None
    return (first.says, first.instead) if first is not None else ("This is not possible.", "")


def _no_such(why: str) -> NotExchanged:
    return NotExchanged("invalid_grant", why, "Type `greenlane login` once more.")
