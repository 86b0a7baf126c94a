"""The seam between what is decided about data and where the data lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot that was made: bytes and files in it, how many pipes, sockets and devices are not, and its digest."""

    id: str
    bytes: int
    files: int
    left_out: int
    digest: str


@dataclass(frozen=True, slots=True)
class Changed:
    """What came of a snapshot or a restore: the snapshot that was made, and those that were given up for it.

    ``kept`` is None where nothing was stored.
    """

    kept: Kept | None
    dropped: Sequence[str]


@dataclass(frozen=True, slots=True)
class Stored:
    """What an app stores in an environment: bytes, and the ids of its snapshots."""

    environment: str
    bytes: int
    snapshots: Sequence[str]


@dataclass(frozen=True, slots=True)
class Standing:
    """What an app stores everywhere, the quota for each environment in bytes, and how many snapshots of each are kept."""

    quota: int
    keeps: int
    stored: Sequence[Stored]


class Keeper(Protocol):
    """Whoever keeps data of apps. Every call may take minutes; each raises ``NotAnswered`` or ``Unavailable`` in words.

    Asked again about the same snapshot, or by the same action, it does nothing a second time and answers as before.
    """

    def standing(self, app: str) -> Standing:
        """What there is of an app's."""
        ...

    def snapshot(self, app: str, environment: str, snapshot: str, action: str) -> Changed:
        """Make a snapshot under that id."""
        ...

    def restore(self, app: str, environment: str, snapshot: str, digest: str, before: str, action: str) -> Changed:
        """Make a snapshot of what is there under the id ``before``, and put what a snapshot holds in its place."""
        ...

    def erase(self, app: str, environment: str) -> Sequence[str]:
        """Take everything away, its snapshots too. Returns their ids."""
        ...
