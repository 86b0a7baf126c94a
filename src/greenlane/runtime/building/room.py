"""The room of one build: its folders on the disk, the commands that run in it, and the clock over all of them."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from greenlane.kit.errors import GreenlaneError
from greenlane.runtime.building.log import BuildLog
from greenlane.runtime.jail import Ended, Jail, Limits, Mount

PROJECT, HOME, OUT = "/build/project", "/build/home", "/build/out"
"""Where a build finds the project, a home of its own, and a folder for what it installs."""

_MIB = 1024 * 1024
_KILLED = 128 + signal.SIGKILL


@dataclass(frozen=True, slots=True)
class BuildLimits:
    """What one build may use: bytes, count, processors, open files, bytes, and seconds for all its steps together."""

    memory: int = 4096 * _MIB
    processes: int = 1024
    cpu: float = 2.0
    files: int = 65_536
    disk: int = 6144 * _MIB
    seconds: float = 900.0


class Sandbox(Protocol):
    """A sandbox that runs, as far as a build needs it."""

    def wait(self, timeout: float | None = None) -> Ended:
        """How it ended."""
        ...

    def stop(self, grace: float = 0.0) -> Ended:
        """End it and everything in it."""
        ...


class Sandboxes(Protocol):
    """Whoever starts sandboxes: ``sandbox.Jailer``, or the fake beside it."""

    def available(self) -> str:
        """Nothing where code can be isolated here, otherwise what is missing."""
        ...

    def start(self, jail: Jail, output: Callable[[bytes], None]) -> Sandbox:
        """Start one."""
        ...


class StepFailed(GreenlaneError):
    """A step of a build did not end well. The message says which and why, for people."""

    code = "build-failed"


class Stopped(GreenlaneError):
    """Somebody stopped the build."""

    code = "build-stopped"


@dataclass(slots=True)
class Room:
    """One build's folders and commands. Everything in it is gone when the build has ended."""

    name: str
    folder: Path
    user: int | None
    jailer: Sandboxes
    limits: BuildLimits
    log: BuildLog
    mounts: tuple[Mount, ...] = ()
    egress: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    steps: list[dict[str, Any]] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.monotonic)

    @property
    def project(self) -> Path:
        """The project, as the build may change it."""
        return self.folder / "project"

    @property
    def out(self) -> Path:
        """What is installed apart from the project."""
        return self.folder / "out"

    def prepare(self) -> None:
        """Make the folders, empty. Whatever a killed predecessor left is thrown away."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for place in (self.folder, self.project, self.folder / "home", self.out):
            place.mkdir(mode=0o755)

    def bare(self, name: str) -> Room:
        """A second room in a folder of this one, with nothing in it: same user, same limits, same log, same clock."""
        alone = replace(self, name=f"{self.name}-{name}", folder=self.folder / name)
        alone.folder.mkdir(mode=0o755)
        for place in (alone.project, alone.folder / "home", alone.out):
            place.mkdir(mode=0o755)
        return alone

    def hand_over(self, place: Path | None = None) -> None:
        """Give what lies there, or everything, to the user that the build runs as. Files that are shared stay as they are."""
        if self.user is None:
            return
        _give(str(place or self.folder), self.user)

    def run(
        self,
        name: str,
        command: Iterable[str],
        *,
        environment: Mapping[str, str] | None = None,
        folder: str = PROJECT,
        network: bool = True,
        may_fail: bool = False,
    ) -> bool:
        """Carry out one step and say how it went; whether it went well, where it ``may_fail``. Raises ``StepFailed``."""
        left = self.limits.seconds - (time.monotonic() - self.began)
        if self.stopping.is_set():
            raise Stopped("The build was stopped.", next_step="Deploy again when you are ready.")
        began = time.monotonic()
        running = self.jailer.start(
            Jail(
                name=f"{self.name}-{len(self.steps)}",
                command=tuple(command),
                environment={**self.environment, **(environment or {})},
                mounts=(*self.mounts, *self._places()),
                folder=folder,
                limits=Limits(
                    self.limits.memory,
                    self.limits.processes,
                    self.limits.cpu,
                    self.limits.files,
                    self.limits.disk,
                    max(1.0, left),
                ),
                user=self.user,
                egress=self.egress if network else None,
            ),
            self.log.write,
        )
        ended = self._wait(running)
        seconds = round(time.monotonic() - began, 2)
        self.steps.append({"step": name, "seconds": seconds, "ended": ended.why, "status": ended.status})
        if self.stopping.is_set():
            raise Stopped("The build was stopped.", next_step="Deploy again when you are ready.")
        if ended.why == "done":
            return True
        if may_fail and ended.why == "failed":
            return False
        raise self._failed(name, ended)

    def _wait(self, running: Sandbox) -> Ended:
        while True:
            try:
                return running.wait(0.2)
            except TimeoutError:
                if self.stopping.is_set() or self.log.too_much:
                    return running.stop()

    def _places(self) -> tuple[Mount, ...]:
        return (
            Mount(PROJECT, self.project, writable=True),
            Mount(HOME, self.folder / "home", writable=True),
            Mount(OUT, self.out, writable=True),
        )

    def _failed(self, name: str, ended: Ended) -> StepFailed:
        limits = self.limits
        if self.log.too_much:
            return StepFailed(f"{name} printed without end.", next_step="Print less, and deploy again.")
        match ended.why:
            case "time":
                why = f"{name} was not done within {limits.seconds / 60:.0f} minutes."
                instead = "Look at the log's end for what it waited for. An owner can raise build_minutes."
            case "memory":
                why = f"{name} needed more than {limits.memory // _MIB:,} MB of memory."
                instead = "Build in smaller parts. An owner can raise build_memory_mib."
            case "disk":
                why = f"{name} needed more than {limits.disk // _MIB:,} MB on the disk."
                instead = "Leave out what the build does not need. An owner can raise build_disk_mib."
            case "processes":
                why = f"{name} started more than {limits.processes:,} processes."
                instead = "Look for what starts itself again and again."
            case "failed" if ended.status == _KILLED:
                why = f"{name} was ended by the machine, as it does when memory runs short."
                instead = "Deploy again. If it stays, build in smaller parts, or have more memory put into it."
            case _:
                why, instead = f"{name} failed with exit code {ended.status}.", "The log's end says why."
        return StepFailed(why, next_step=instead)


def _give(folder: str, user: int) -> None:
    os.lchown(folder, user, user)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                _give(entry.path, user)
            elif entry.stat(follow_symlinks=False).st_nlink == 1:
                os.lchown(entry.path, user, user)
