"""What a provider says to a request that it does not serve."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class Wrong(Exception):
    """``kind`` is the family's own word for it; ``field`` what is wrong, where one thing is."""

    def __init__(self, status: int, kind: str, message: str, field: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.field = field
        self.code = code


def need(condition: object, wrong: Wrong) -> None:
    """Raise it unless so."""
    if not condition:
        raise wrong


def unknown(given: dict[str, Any], known: Iterable[str]) -> str | None:
    """The first member that the reference does not have."""
    names = frozenset(known)
    return next((name for name in given if name not in names), None)
