"""The way out of a build through the egress process: the same door, the same record, as for apps that run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from greenlane.runtime.building.registries import Place
from greenlane.runtime.building.registry_proxy import SOCKET, Record
from greenlane.runtime.egress.driver import WaysOut
from greenlane.runtime.egress.policy import Sandbox


class ThroughEgress:
    """Opens a way out at the egress process for each build; what was used goes into the ledger from there."""

    def __init__(self, ways: WaysOut) -> None:
        self._ways = ways

    @contextmanager
    def opened(self, build: str, folder: Path, places: frozenset[Place], app: str = "") -> Iterator[Record]:
        """See ``WayOut``. Raises ``Unavailable`` when egress is away."""
        allowed = tuple(sorted(f"{host}:{port}" for host, port in places))
        way = self._ways.open(Sandbox(f"build-{build}", app, "preview", build, "build", allowed))
        (folder / SOCKET).symlink_to(way)
        record = Record()
        try:
            yield record
        finally:
            for one in self._ways.close(f"build-{build}"):
                name = f"{one['host']}:{one['port']}"
                if one["outcome"] == "allowed":
                    record.reached[name] = [int(one["times"]), int(one["received"])]
                else:
                    record.refused[name] = record.refused.get(name, 0) + int(one["times"])
