"""A sink that remembers, and a runtime that starts nothing, for tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from greenlane.edge.endpoints import Key, NotRunning
from greenlane.edge.views import View


class FakeSink:
    """Keeps views in a list; ``broken`` makes it refuse."""

    def __init__(self) -> None:
        self.views: list[View] = []
        self.broken = False
        self.closed = False

    def write(self, views: Sequence[View]) -> None:
        """Remember them, or raise OSError when broken."""
        if self.broken:
            raise OSError("No space left on device")
        self.views.extend(views)

    def close(self) -> None:
        """Remember that nothing more comes."""
        self.closed = True


class FakeRuntime:
    """Answers with what ``places`` holds for an app's name: a socket, or why there is none. Counts how often it was asked."""

    def __init__(self) -> None:
        self.places: dict[str, Path | NotRunning] = {}
        self.asked: list[Key] = []
        self.noted: set[Key] = set()

    async def endpoint(self, key: Key) -> Path:
        """The socket. Raises ``NotRunning``."""
        self.asked.append(key)
        place = self.places.get(key.app) or NotRunning("unknown", f"{key.app} does not run here.", "Deploy it.")
        if isinstance(place, NotRunning):
            raise place
        return place

    async def used(self, keys: Iterable[Key]) -> None:
        """Remember them."""
        self.noted.update(keys)
