"""The seam between the platform and what runs code: a machine's sandboxes today, other engines behind the same words."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from greenlane.kit.errors import GreenlaneError
from greenlane.runtime.cgroups import Use
from greenlane.runtime.jail import Ended
from greenlane.runtime.release import Release


class CannotRun(GreenlaneError):
    """A release that cannot run here, whatever is tried."""

    code = "cannot-run"
    status = 503


class DidNotStart(GreenlaneError):
    """A release that was started and did not come so far as to listen. ``ended`` says how it ended, if it did."""

    code = "did-not-start"
    status = 502

    def __init__(self, message: str, *, next_step: str = "", ended: Ended | None = None) -> None:
        super().__init__(message, next_step=next_step)
        self.ended = ended


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a driver can do here: kinds of apps, why it runs nothing (nothing when it does), what holds less than whole."""

    kinds: frozenset[str]
    refused: str
    weaker: str


class Room(Protocol):
    """What an app has for good in an environment."""

    @property
    def folder(self) -> Path:
        """The folder that it sees as ``/data``."""
        ...

    @property
    def stored(self) -> int:
        """Bytes in it."""
        ...

    @property
    def quota(self) -> int:
        """Bytes that may be in it."""
        ...

    @property
    def full(self) -> bool:
        """Whether there are more: then it can be read, and not written to."""
        ...


Rooms = Callable[[str, str], Room]
"""The folder of an app in an environment, made where there is none. Asked while nothing of the app is being started."""


class Instance(Protocol):
    """A release that runs. Thread-safe."""

    @property
    def outgrown(self) -> bool:
        """Whether it has stored more than it may since it was started."""
        ...

    @property
    def endpoint(self) -> Path:
        """The unix socket that answers its visitors. Whoever connects reaches the release and nothing else."""
        ...

    @property
    def ended(self) -> Ended | None:
        """How it ended; None while it runs."""
        ...

    def probe(self) -> bool:
        """Whether it takes connections."""
        ...

    def use(self) -> Use:
        """What it uses."""
        ...

    def retire(self) -> None:
        """Take its endpoint away: nobody new reaches it, and what goes on goes on."""
        ...

    def stop(self, grace: float) -> None:
        """End it, asked first; killed after ``grace`` seconds."""
        ...


class RuntimeDriver(Protocol):
    """Runs releases. Every call may block; all are thread-safe."""

    def capabilities(self) -> Capabilities:
        """What can be run here."""
        ...

    def plan(self, release: Release) -> None:
        """Whether it would run, found out without starting anything. Raises ``CannotRun``."""
        ...

    def ensure(self, release: Release, output: Callable[[bytes], None], over: Callable[[Ended], None]) -> Instance:
        """Start it and return once it takes connections. ``output`` hears what it writes, ``over`` that it ended.

        Raises ``CannotRun``, ``DidNotStart``.
        """
        ...

    def room(self, app: str, environment: str) -> Room | None:
        """What an app has for good in an environment; None where the driver keeps nothing for apps."""
        ...

    def owner(self, app: str, environment: str) -> int | None:
        """The user that an app's files belong to in an environment; None where there are no users to give."""
        ...

    def still(self, app: str, environment: str) -> AbstractContextManager[None]:
        """All of an app in an environment stands still meanwhile, and none of it is started. Raises ``Unavailable``."""
        ...

    def emptied(self, app: str, environment: str) -> AbstractContextManager[None]:
        """Nothing of an app in an environment runs or is started meanwhile; what ran was ended."""
        ...

    def close(self) -> None:
        """End everything."""
        ...
