"""A host that runs nothing: what comes of each run is decided by whoever holds it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from greenlane.deploys.runs.calling import CameOf, Wanted
from greenlane.runtime.release import Key


@dataclass(slots=True)
class FakeHost:
    """``asked`` are the runs in their order; ``comes_of`` is what comes of a function's runs, done if nothing was said.

    ``open`` holds runs back while it is cleared.
    """

    asked: list[Wanted] = field(default_factory=list)
    comes_of: dict[str, CameOf] = field(default_factory=dict)
    kept_awake: set[Key] = field(default_factory=set)
    open: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.open.set()

    def run(self, wanted: Wanted) -> CameOf:
        """Remember the run."""
        self.asked.append(wanted)
        self.open.wait()
        return self.comes_of.get(wanted.function, CameOf("done", 200))

    def used(self, keys: Sequence[Key]) -> None:
        """Remember them."""
        self.kept_awake |= set(keys)
