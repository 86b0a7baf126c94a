"""The way out of a build: one socket that reaches the package registries alone, through the egress process, on the record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from greenlane.kit.errors import Unavailable
from greenlane.runtime.building.registries import Place
from greenlane.runtime.egress.driver import WaysOut
from greenlane.runtime.egress.policy import Sandbox


@dataclass(slots=True)
class Record:
    """What a build reached and what it was refused: connections and bytes by `host:port`. Filled when the way is closed."""

    reached: dict[str, tuple[int, int]] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """As JSON values, sorted."""
        return {
            "reached": {name: {"times": one[0], "bytes": one[1]} for name, one in sorted(self.reached.items())},
            "refused": dict(sorted(self.refused.items())),
        }

    def take(self, used: Iterable[dict[str, Any]]) -> None:
        """What the egress process counted."""
        for one in used:
            name = f"{one['host']}:{one['port']}"
            if one["outcome"] == "allowed":
                self.reached[name] = (int(one["times"]), int(one["received"]))
            else:
                self.refused[name] = self.refused.get(name, 0) + int(one["times"])


@dataclass(frozen=True, slots=True)
class Way:
    """The socket that speaks HTTP proxy, and the record of what goes through it."""

    socket: Path
    record: Record


class WayOut(Protocol):
    """Opens the way out of one build."""

    def opened(
        self, build: str, app: str, places: frozenset[Place], *, models: bool = False
    ) -> AbstractContextManager[Way]:
        """A way to ``places`` alone while the block lasts, and to the model gateway where the app asks for ``models``.

        ``app`` is whose build it is. Raises ``Unavailable``.
        """
        ...

    def forget(self, build: str) -> None:
        """Close what a killed builder left open."""
        ...


class ThroughEgress:
    """Opens a way out at the egress process for each build; what was used goes into the ledger from there."""

    def __init__(self, ways: WaysOut) -> None:
        self._ways = ways

    @contextmanager
    def opened(self, build: str, app: str, places: frozenset[Place], *, models: bool = False) -> Iterator[Way]:
        """See ``WayOut``."""
        allowed = tuple(sorted(f"{host}:{port}" for host, port in places))
        sandbox = Sandbox(_name(build), app, "preview", build, "build", allowed, models)
        way = Way(self._ways.open(sandbox), Record())
        try:
            yield way
        finally:
            with suppress(Unavailable):  # it was killed meanwhile; its journal has what it counted before
                way.record.take(self._ways.close(_name(build)))

    def forget(self, build: str) -> None:
        """See ``WayOut``."""
        with suppress(Unavailable):
            self._ways.close(_name(build))


def _name(build: str) -> str:
    return f"build-{build}"
