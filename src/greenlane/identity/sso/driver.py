"""The seams of the company's sign-in: what seals a client secret, and the domain name system. Handed in by ``main``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Seals(Protocol):
    """Seals and opens values, each bound to a place."""

    def seal(self, value: str, place: str) -> bytes:
        """The value, sealed for a place."""
        ...

    def open(self, sealed: bytes, place: str) -> str:
        """The value again."""
        ...


class Dns(Protocol):
    """Answers what the world would be answered."""

    def txt(self, name: str) -> Sequence[str]:
        """The texts of a name's TXT records. Raises ``Unavailable``."""
        ...


def sealed_place(provider: str) -> str:
    """Where the client secret of a provider (by id) belongs."""
    return f"identity-provider/{provider}/client-secret"


def hint_place(provider: str, external: str) -> str:
    """Where the ID token of an account (by the provider's id and its own id for it) belongs."""
    return f"identity-provider/{provider}/id-token/{external}"
