"""The seam to a provider: one HTTP request to one address, without following where an answer leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from greenlane.kit.errors import GreenlaneError


class NotReached(GreenlaneError):
    """A provider could not be reached, or may not be reached from here."""

    code = "provider-not-reached"
    status = 502


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: its status and its body."""

    status: int
    body: bytes


class Wire(Protocol):
    """Asks addresses."""

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes, networks: Sequence[str]) -> Answered:
        """One request. ``networks`` (CIDR) are those inside that may be reached. Raises ``NotReached``."""
        ...
