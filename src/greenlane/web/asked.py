"""One request to the console: who asks, what was typed, and how it is answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from greenlane.govern.action import REGISTRY
from greenlane.govern.actor import Actor
from greenlane.govern.decision import Decision, Lane
from greenlane.govern.door import Answer
from greenlane.govern.errors import NotFound, SignInNeeded
from greenlane.govern.facts import Facts
from greenlane.identity import queries as identity
from greenlane.insights import inbox
from greenlane.insights.undo import Undo
from greenlane.insights.veiling import Sight
from greenlane.kit.errors import GreenlaneError
from greenlane.web import frame, toast
from greenlane.web.form import Fields
from greenlane.web.house import WebHouse
from greenlane.web.signed_in import SignedIn

SESSION_COOKIE = "__Host-greenlane"
"""Holds the session's secret. The prefix keeps it to this very host: no sibling can set or overwrite it."""

NAVIGATION = (
    ("/", "Apps", ""),
    ("/inbox", "Inbox", ""),
    ("/ledger", "Ledger", "read-receipts"),
    ("/models", "Models", ""),
    ("/people", "People", "read-people"),
    ("/policy", "Policy", "read-policy"),
    ("/overview", "Overview", "read-all-receipts"),
)
"""The console's rooms: address, name, and the right without which a room is not offered."""

_AMONG_PEOPLE = (
    *("/teams/", "/roles", "/duties", "/agents", "/groups", "/access-reviews", "/directories"),
    *("/settings", "/sign-in-providers", "/break-glass"),
)
"""Where pages begin that stand in the room of people."""


@dataclass(frozen=True)
class Asked:
    """A request with its asker. ``signed`` is None on pages that are open to everybody, when nobody is signed in."""

    house: WebHouse
    request: Request
    signed: identity.Signed | None
    person: SignedIn | None
    form: Fields
    now: datetime

    # who asks

    @property
    def me(self) -> SignedIn:
        """The person who asks. Raises ``SignInNeeded``."""
        if self.person is None:
            raise SignInNeeded("Nobody is signed in.", next_step="Sign in.")
        return self.person

    @property
    def actor(self) -> Actor:
        """The person as the door knows them. Raises ``SignInNeeded``."""
        if self.signed is None:
            raise SignInNeeded("Nobody is signed in.", next_step="Sign in.")
        return self.signed.actor

    @property
    def session(self) -> str:
        """The session's secret, empty without one."""
        return self.request.cookies.get(SESSION_COOKIE, "")

    @cached_property
    def held(self) -> Sequence[identity.Held]:
        """The asker's roles, read once."""
        with self.read() as connection:
            return identity.held(connection, self.me.person, self.now)

    @cached_property
    def waiting(self) -> int:
        """How many requests wait for the asker's decision, counted to 100."""
        with self.read() as connection:
            return inbox.count(connection, self.me.person, self.held)

    def has_somewhere(self, right: str) -> bool:
        """Whether a role of the asker gives this right anywhere: enough to offer a room, not to show what is in it."""
        return any(one.may(right) for one in self.held)

    def sight(self, connection: Connection) -> Sight:
        """How this person sees receipts."""
        return Sight(self.me.person, lambda right, subject: self.may(connection, right, subject))

    def may(self, connection: Connection, right: str, subject: str) -> bool:
        """Whether the asker has a reading right on a subject."""
        return self.house.may(connection, self.actor, right, subject)

    def must(self, connection: Connection, right: str, subject: str = "organisation") -> None:
        """Raises ``NotFound`` for whoever lacks a reading right: a hidden page and a missing one look alike."""
        if not self.may(connection, right, subject):
            raise NotFound("There is no such page for you.", next_step="Ask an owner for a role that may read it.")

    # what was asked

    @property
    def path(self) -> str:
        """The path of the address, without its query."""
        return self.request.url.path

    @property
    def here(self) -> str:
        """Path and query: where a form on this page comes back to."""
        query = self.request.url.query
        return f"{self.path}?{query}" if query else self.path

    def named(self, part: str) -> str:
        """A part of the address, such as ``app`` in ``/apps/{app}``."""
        return str(self.request.path_params[part])

    def query(self, name: str, default: str = "") -> str:
        """A value behind the question mark, trimmed."""
        return self.request.query_params.get(name, default).strip()

    def field(self, name: str, default: str = "") -> str:
        """What was typed into a field, trimmed. ``form`` has it as it was typed, and every value of it."""
        values = self.form.get(name)
        return values[-1].strip() if values else default

    # what it touches

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that only reads."""
        with self.house.database.read() as connection:
            yield connection

    def does(self, action: Any, *, key: str = "", process: str | None = None) -> Answer:
        """Carry an action out through the door. ``key`` makes a form that is sent twice count once."""
        return self.house.door.govern(self.actor, action, key=key or None, process=process)

    def explain(self, action: Any) -> tuple[Facts, Decision]:
        """What would happen, without doing it."""
        return self.house.door.explain(self.actor, action)

    # how it is answered

    def page(self, template: str, *, status: int = 200, part: str = "", **told: Any) -> Response:
        """A page in the console's frame; only its block ``part`` when a running page asks for that part of itself."""
        shown: dict[str, Any] = {"now": self.now, "origin": self.house.addresses.console, **told}
        said = None
        if self.person is not None:
            shown |= {"person": self.person, "nav": self.rooms, "here": self.path}
            shown["waiting_for_me"] = self.waiting
            said = self._said()
        answer = frame.show(self.request, template, {**shown, "toast": said}, status=status, part=part)
        if said is not None:
            toast.forget(answer)
        return answer

    def _said(self) -> toast.Toast | None:
        """What the last form did, if it was not told yet; with Undo only where this person could do that."""
        action = self.request.cookies.get(toast.COOKIE, "")
        if not action or frame.partial(self.request):
            return None
        with self.read() as connection:
            told = toast.waiting(connection, action, self.me.person)
        if told is not None and told.undo is not None and not self._could(told.undo):
            return replace(told, undo=None)
        return told

    def _could(self, one: Undo) -> bool:
        """Whether undoing would go through, or at least be asked for."""
        try:
            _facts, decision = self.explain(REGISTRY.named(one.verb).build(dict(one.inputs)))
        except GreenlaneError:
            return False
        return decision.lane is not Lane.CLOSED

    @property
    def rooms(self) -> list[tuple[str, str, bool]]:
        """The rooms that are offered: address, name, whether this page is in it."""
        rooms = [(path, name) for path, name, right in NAVIGATION if not right or self.has_somewhere(right)]
        return [(path, name, _inside(self.path, path)) for path, name in rooms]

    def see(self, path: str, said: Answer | None = None) -> Response:
        """On to another page of the console, which tells what was done. ``path`` is one of our own."""
        answer = RedirectResponse(path, 303, frame.PLAIN_HEADERS)
        if said is not None:
            toast.remember(answer, said.action_id)
        return answer


def _inside(path: str, room: str) -> bool:
    if room == "/":
        return path == "/" or path.startswith(("/apps", "/new"))
    if room == "/models" and path.startswith(("/spend", "/calls")):
        return True
    if room == "/people" and path.startswith(_AMONG_PEOPLE):
        return True
    return path == room or path.startswith(room + "/")


def subject_page(subject: str) -> str:
    """The page of what an action was about."""
    kind, _, name = subject.partition(":")
    pages = {"app": "/apps", "request": "/inbox", "person": "/people", "team": "/teams"}
    return f"{pages[kind]}/{name}" if kind in pages and name else "/"


def known_verb(name: str) -> bool:
    """Whether there is a verb of that name."""
    return any(one.name == name for one in REGISTRY)
