"""What the pages need from the rest of the program. ``main`` hands it in; the tests hand in one of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

AppState = Literal["live", "empty", "asleep", "contained"]
"""Whether an app's production serves: it does; nothing is published yet; nobody came for long; it was stopped."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose browser this is. ``person`` is the id, ``name`` what others read."""

    person: str
    name: str


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role and where it counts, in words: ``everywhere``, ``in the team sales``, ``for the app offsite``."""

    role: str
    where: str


@dataclass(frozen=True, slots=True)
class OwnApp:
    """An app that somebody may work on. ``audience`` is a rung of the ladder, ``url`` its production address."""

    name: str
    title: str
    url: str
    audience: str
    state: AppState


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that needs a person.

    ``mine``: the reader asked for it, and somebody else decides. ``may_confirm``: there is nobody else, and the reader
    may confirm their own request, which is marked as unreviewed.
    """

    request: str
    sentence: str
    since: datetime
    mine: bool
    may_confirm: bool = False


@dataclass(frozen=True, slots=True)
class HomeView:
    """Everything that a person's first page tells."""

    person: SignedIn
    roles: tuple[HeldRole, ...]
    apps: tuple[OwnApp, ...]
    waiting: tuple[Waiting, ...]


class WebHouse(Protocol):
    """The rest of the program, as the pages see it. Every call may raise ``GreenlaneError`` and may block."""

    @property
    def console_origin(self) -> str:
        """Scheme, host and port of the console, such as ``http://localhost:4180``; no slash at the end."""
        ...

    def who(self, session: str) -> SignedIn | None:
        """The person whose session this is; None when it is unknown, over, or theirs no more."""
        ...

    def sign_in(self, secret: str) -> str:
        """Open a session with a one-time link's secret or an API token; returns the new session's secret."""
        ...

    def accept_invitation(self, secret: str, name: str, email: str, session: str | None) -> str:
        """Join with an invitation's secret; returns the secret of a session, new for somebody new.

        ``session`` is that of a person who is here already; then ``name`` and ``email`` are empty.
        """
        ...

    def sign_out(self, session: str) -> None:
        """End a session, and with it every visit that it opened."""
        ...

    def visit_code(self, session: str, host: str) -> str:
        """A one-time code with which this session's browser is known at one app's host (no port)."""
        ...

    def may_visit_host(self, host: str) -> bool:
        """Whether a host (small letters, no port) belongs to an app here; whoever asks may not be in its audience."""
        ...

    def home(self, person: str) -> HomeView:
        """What one person's first page tells."""
        ...
