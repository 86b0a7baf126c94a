"""A domain name system in memory."""

from __future__ import annotations

from collections.abc import Sequence

from greenlane.kit.errors import Unavailable


class FakeDns:
    """Answers from ``records``; with ``away`` set it does not answer at all."""

    def __init__(self) -> None:
        self.records: dict[str, list[str]] = {}
        self.away = False

    def txt(self, name: str) -> Sequence[str]:
        """The texts that were put under a name."""
        if self.away:
            raise Unavailable(f"No name server answered about {name}.")
        return tuple(self.records.get(name, ()))
