"""Ways out that lead nowhere, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from greenlane.runtime.egress.policy import Sandbox, Use


class FakeWaysOut:
    """Remembers what was opened; ``uses`` is what it says was used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.opened: dict[str, Sandbox] = {}
        self.uses: dict[str, list[dict[str, Any]]] = {}

    def begin(self, use: Use) -> None:
        """Forget those of that use."""
        self.opened = {name: one for name, one in self.opened.items() if one.use != use}

    def open(self, one: Sandbox) -> Path:
        """A path at which nobody listens."""
        self.opened[one.name] = one
        return self._folder / f"{one.name}.sock"

    def used(self, name: str) -> list[dict[str, Any]]:
        """What was said."""
        return self.uses.get(name, [])

    def close(self, name: str) -> list[dict[str, Any]]:
        """Forget it."""
        self.opened.pop(name, None)
        return self.uses.pop(name, [])
