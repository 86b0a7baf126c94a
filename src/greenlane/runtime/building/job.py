"""What a builder is told, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from greenlane.runtime.building.gathering import Bounds
from greenlane.runtime.building.installed import Package
from greenlane.runtime.building.plan import Plan

State = Literal["done", "failed", "stopped", "interrupted"]


@dataclass(frozen=True, slots=True)
class Job:
    """One build. ``files`` is the source tree by path: digest (``sha256:…``) and size of each file.

    ``variables`` are what the app's settings give to builds; they are never kept, and ``secrets`` are the texts
    among them that the log must not show.
    ``cooldown`` is how old a release must be to be taken where no lock decides, in days.
    """

    id: str
    app: str
    plan: Plan
    files: Mapping[str, Mapping[str, Any]]
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    cooldown: int = 0
    bounds: Bounds = field(default_factory=Bounds)

    def as_dict(self) -> dict[str, Any]:
        """As it goes over the socket, and nowhere else: it holds the variables' values."""
        return {
            "id": self.id,
            "app": self.app,
            "plan": self.plan.as_dict(),
            "files": {path: dict(entry) for path, entry in self.files.items()},
            "variables": dict(self.variables),
            "secrets": list(self.secrets),
            "cooldown": self.cooldown,
        }

    @classmethod
    def from_dict(cls, sheet: Mapping[str, Any]) -> Job:
        """Read what ``as_dict`` wrote."""
        return cls(**{**sheet, "plan": Plan.from_dict(sheet["plan"]), "secrets": tuple(sheet["secrets"])})


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a build. ``files`` and ``layers`` are in the store; ``run`` says how they are run.

    ``packages`` are what was really installed. ``why`` and ``instead`` are for people, empty when it is done. ``steps`` are what was executed, each with its name,
    its seconds and how it ended; ``materials`` are what went in besides the source: tools and the lock, by digest.
    ``unlocked``: the lock was in step, and could not be followed all the same.
    """

    build: str
    state: State
    why: str = ""
    instead: str = ""
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    run: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Mapping[str, Any], ...] = ()
    materials: tuple[Mapping[str, Any], ...] = ()
    network: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    packages: tuple[Package, ...] = ()
    cached: bool = False
    unlocked: bool = False
    began: str = ""
    ended: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "build": self.build,
            "state": self.state,
            "why": self.why,
            "instead": self.instead,
            "files": {path: dict(entry) for path, entry in self.files.items()},
            "run": dict(self.run),
            "steps": [dict(one) for one in self.steps],
            "materials": [dict(one) for one in self.materials],
            "network": dict(self.network),
            "notes": list(self.notes),
            "packages": [list(one) for one in self.packages],
            "cached": self.cached,
            "unlocked": self.unlocked,
            "began": self.began,
            "ended": self.ended,
        }

    @classmethod
    def from_dict(cls, sheet: Mapping[str, Any]) -> Made:
        """Read what ``as_dict`` wrote."""
        told: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in sheet.items()}
        return cls(**{**told, "packages": tuple((one[0], one[1], one[2]) for one in sheet.get("packages", ()))})
