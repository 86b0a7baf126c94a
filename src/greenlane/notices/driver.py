"""The seams to the world: a mail server, and addresses outside that are told something."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from greenlane.kit.errors import GreenlaneError


class Postponed(GreenlaneError):
    """A message could not be handed over now; another try may go well. The text names nobody."""

    code = "message-postponed"


class Undeliverable(GreenlaneError):
    """A message was refused for good. The text names nobody."""

    code = "message-undeliverable"


class Mailer(Protocol):
    """Hands mail over to a mail server."""

    def send(self, message: EmailMessage, to: str) -> None:
        """Hand one message over. Raises ``Postponed`` or ``Undeliverable``."""
        ...

    def rest(self) -> None:
        """Nothing is sent for a while: a line that is open may be closed."""
        ...


class Outside(Protocol):
    """Tells an address something by HTTP."""

    def check(self, url: str) -> None:
        """Whether an address may be told anything. Raises ``WrongInput``."""
        ...

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Tell it. Raises ``Postponed`` or ``Undeliverable``; whatever is not a 2xx answer is one of them."""
        ...

    def fetch(self, url: str, into: Path) -> None:
        """Bring what an address has into a file. Raises ``WrongInput`` when nothing comes."""
        ...
