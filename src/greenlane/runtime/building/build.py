"""One build under way: the project in its room, and what is known so far of what went in and what came of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from greenlane.runtime.building import installing
from greenlane.runtime.building.gathering import Files
from greenlane.runtime.building.installed import Package
from greenlane.runtime.building.job import Job, Made
from greenlane.runtime.building.locks import YARN, Lock
from greenlane.runtime.building.plan import Plan
from greenlane.runtime.building.room import PROJECT, Room
from greenlane.runtime.building.tree import Tree
from greenlane.runtime.building.workshop import Workshop


@dataclass(slots=True)
class Build:
    """Between a ``Job``, which is what was asked for, and ``Made``, which is what came of it.

    What is known so far is told as in ``Made``: ``materials``, ``notes`` for people, ``packages``, and whether they were
    ``cached`` or came ``unlocked``.
    """

    shop: Workshop
    job: Job
    room: Room
    materials: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    packages: tuple[Package, ...] = ()
    cached: bool = False
    unlocked: bool = False

    @property
    def plan(self) -> Plan:
        """How it is built."""
        return self.job.plan

    @property
    def inside(self) -> str:
        """The project's folder, as a step sees it."""
        return f"{PROJECT}/{self.plan.folder}".rstrip("/")

    @property
    def here(self) -> Path:
        """The project's folder, as the platform sees it."""
        return self.room.project / self.plan.folder

    @property
    def tree(self) -> Tree:
        """The project as it was sent, whatever its code does to the files meanwhile."""
        whole = Tree(self.job.files, lambda path: self.shop.blobs.get(str(self.job.files[path]["sha256"])))
        return whole.below(self.plan.folder)

    @property
    def variables(self) -> dict[str, str]:
        """What the project's own code finds in its environment: the plan's values, and those that the app has for builds."""
        return {**self.plan.environment, **self.job.variables}

    @property
    def berry(self) -> bool:
        """Whether yarn installs here, and is yarn 2 or later: another program, with words of its own."""
        lock = self.plan.lock
        if lock is None or lock.manager != YARN:
            return False
        return lock.version.split(".")[0] not in ("", "0", "1") or "__metadata:" in self.tree.text("yarn.lock")[:2000]

    def digest_of(self, file: str) -> str:
        """The digest of one of the project's files as it was sent; empty for no name. Raises ``KeyError``."""
        return str(self.job.files[f"{self.plan.folder}/{file}".lstrip("/")]["sha256"]) if file else ""

    def key_parts(self, lock: Lock) -> dict[str, object]:
        """What the packages that a lock brings depend on: what is kept of them is kept under it."""
        return {
            "lock": self.digest_of(lock.file),
            "tools": [one["name"] for one in self.materials],
            "machine": os.uname().machine,
            "registries": [self.shop.registries.npm, self.shop.registries.python],
        }

    def say_what_is_too_young(self, lock: Lock) -> None:
        """Into the log, where releases have to be of some age."""
        if said := installing.about_young_releases(lock, self.job.cooldown, berry=self.berry):
            self.room.log.say(said)

    def lay_out(self) -> None:
        """The source as it was sent. What begins with `#!` can be executed, since an upload says nothing about that."""
        for path, entry in self.job.files.items():
            place = self.room.project / path
            place.parent.mkdir(parents=True, exist_ok=True)
            data = self.shop.blobs.get(str(entry["sha256"]))
            place.write_bytes(data)
            place.chmod(0o755 if data.startswith(b"#!") else 0o644)

    def made(self, files: Files, run: Mapping[str, Any]) -> Made:
        """What came of it, when all went well."""
        return Made(
            build=self.job.id,
            state="done",
            files=files,
            run=run,
            materials=tuple(self.materials),
            notes=tuple(self.notes),
            packages=self.packages,
            cached=self.cached,
            unlocked=self.unlocked,
        )
