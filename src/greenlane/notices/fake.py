"""A mail server and an outside world in memory."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path

from greenlane.govern.errors import WrongInput
from greenlane.notices import outside
from greenlane.notices.driver import Postponed, Undeliverable


class FakeMailer:
    """Keeps what it is given in ``sent``; addresses in ``refused`` are refused, and ``away`` answers nobody."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, EmailMessage]] = []
        self.refused: set[str] = set()
        self.away = False

    def send(self, message: EmailMessage, to: str) -> None:
        """Take it, or not."""
        if self.away:
            raise Postponed("The mail server did not answer.")
        if to in self.refused:
            raise Undeliverable("The mail server does not take mail for this address (550).")
        self.sent.append((to, message))

    def rest(self) -> None:
        """There is no line."""


class FakeOutside:
    """Keeps what was told in ``told``; hosts in ``inside`` may not be reached, and those in ``away`` do not answer.

    ``has`` is what can be fetched, by address.
    """

    def __init__(self) -> None:
        self.told: list[tuple[str, Mapping[str, str], bytes]] = []
        self.inside: set[str] = set()
        self.away: set[str] = set()
        self.has: dict[str, bytes] = {}

    def check(self, url: str) -> None:
        """By the host's name alone."""
        if outside.address(url).host in self.inside:
            raise WrongInput("This address is inside this network.", next_step="Name one on the internet.")

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Take it, or not."""
        host = outside.address(url).host
        if host in self.inside:
            raise Undeliverable("This address is inside this network.")
        if host in self.away:
            raise Postponed("The address did not answer.")
        self.told.append((url, dict(headers), body))

    def fetch(self, url: str, into: Path) -> None:
        """What was put there beforehand."""
        self.check(url)
        if url not in self.has:
            raise WrongInput("The address did not answer.", next_step="Try again.")
        into.write_bytes(self.has[url])
