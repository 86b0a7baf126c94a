"""A sink that remembers, for tests."""

from __future__ import annotations

from collections.abc import Sequence

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
