"""From the files as they are to what runs: built as the platform builds, or taken as they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from greenlane.deploys.bundle import Bundle, check_paths
from greenlane.deploys.upload import without_keys
from greenlane.dev.project import Recognised
from greenlane.govern.errors import Refused
from greenlane.kit import ids
from greenlane.kit.blobs import Blobs
from greenlane.runtime.building.builder import BuilderLine
from greenlane.runtime.building.job import Job
from greenlane.runtime.building.plan import Plan
from greenlane.runtime.building.room import StepFailed

_LOOK_EVERY = 0.05


@dataclass(frozen=True, slots=True)
class Version:
    """What is served between two changes: an id as a deploy has one, its manifest's digest, how its code is run, and the
    values that it finds in its environment.
    """

    deploy: str
    manifest: str
    run: Mapping[str, Any]
    variables: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Making:
    """``hear`` is told the lines of a build's log, ``over`` whether nobody waits for it any more."""

    app: str
    blobs: Blobs
    builder: BuilderLine
    cooldown: int
    hear: Callable[[str], None]
    over: Callable[[], bool]

    def make(self, found: Recognised, running: Mapping[str, str], building: Mapping[str, str]) -> Version:
        """Build it with the values for building, and keep what came of it, to be run with those for running.

        Raises ``Refused`` where nothing can be built, ``StepFailed``.
        """
        bundle = found.bundle if found.plan is None else self._built(found.bundle, found.plan, building)
        bundle = without_keys(bundle, self.blobs)
        return Version(ids.new("dep"), self.blobs.put(bundle.manifest()), bundle.run, running)

    def _built(self, sent: Bundle, plan: Plan, values: Mapping[str, str]) -> Bundle:
        if why := self.builder.cannot():
            raise Refused("Nothing can be built or run on this machine.", next_step=f"{why} Finished pages are served.")
        files = {path: {"sha256": one.sha256, "size": one.size} for path, one in sent.files.items()}
        job = Job(ids.new("bld"), self.app, plan, files, dict(values), cooldown=self.cooldown)
        self.builder.begin(job)
        told = 0
        while (made := self.builder.result(job.id)) is None:
            told = self._tell(job.id, told)
            if self.over():
                self.builder.stop(job.id)
            time.sleep(_LOOK_EVERY)
        self._tell(job.id, told)
        self.builder.forget([job.id])
        if made.state != "done":
            raise StepFailed(made.why, next_step=made.instead)
        run = made.run if made.run.get("kind") != "static" else {}
        return replace(check_paths(made.files), run=run)

    def _tell(self, build: str, start: int) -> int:
        text, end = self.builder.log(build, start)
        for line in filter(str.strip, text.splitlines()):
            self.hear(line)
        return end
