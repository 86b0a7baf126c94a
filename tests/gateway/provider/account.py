"""The stand-in's own account of what it served: what a provider's invoice would say."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tests.gateway.provider.prices import MODELS, Counts

Outcome = Literal["answered", "refused", "left", "broken"]
"""``left``: whoever asked was gone before the end. ``broken``: a fault broke it off. Both are charged as far as it came."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and what became of it. ``headers`` have small letters; ``key`` is the credential that it came with."""

    number: int
    wire: str
    path: str
    key: str
    headers: dict[str, str]
    body: bytes
    model: str
    status: int
    outcome: Outcome = "refused"
    counts: Counts = field(default_factory=Counts)
    pico: int = 0

    def document(self) -> dict[str, Any]:
        """As JSON, the body as text."""
        return {**asdict(self), "body": self.body.decode("utf-8", "replace")}


class Account:
    """Entries in the order in which they ended. Safe to read from another thread."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._number = 0
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Entry]:
        with self._lock:
            return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def next(self) -> int:
        with self._lock:
            self._number += 1
            return self._number

    def add(self, entry: Entry) -> None:
        with self._lock:
            self._entries.append(entry)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    @property
    def last(self) -> Entry:
        return self._entries[-1]

    @property
    def pico(self) -> int:
        """Pico-dollars of everything."""
        return sum(entry.pico for entry in self)

    def by_model(self) -> dict[str, dict[str, int]]:
        """Calls, tokens and pico-dollars of each model."""
        sums: dict[str, dict[str, int]] = {}
        for entry in self:
            if entry.outcome != "refused":
                into = sums.setdefault(entry.model, {"calls": 0, "read": 0, "said": 0, "pico": 0})
                more = {"calls": 1, "read": entry.counts.read, "said": entry.counts.said, "pico": entry.pico}
                for name, number in more.items():
                    into[name] += number
        return sums


def cost(model: str, counts: Counts) -> int:
    """Pico-dollars."""
    return MODELS[model].cost(counts)
