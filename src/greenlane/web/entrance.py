"""What coming in needs from the rest of the program. ``main`` hands it in; the tests hand in one of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose browser this is. ``person`` is the id, ``name`` what others read."""

    person: str
    name: str


class Entrance(Protocol):
    """The rest of the program, as the pages of coming in see it. Every call may raise ``GreenlaneError`` and may block."""

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

    def may_visit_host(self, host: str) -> bool:
        """Whether a host (small letters, no port) belongs to an app here; whoever asks may not be in its audience."""
        ...
