"""The seam to the domain name system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Dns(Protocol):
    """Answers what the world would be answered."""

    def txt(self, name: str) -> Sequence[str]:
        """The texts of a name's TXT records; none when there is no such name. Raises ``Unavailable``."""
        ...
