"""Limits that the kernel keeps for a group of processes, on both generations of control groups behind one small class.

Groups are made below the group that this process is in, so that whatever limits the platform itself is under hold for
what it runs. The first generation (v1) has a tree for each controller; the second (v2) has one tree, in which a group
with processes has no groups below it, so the platform first moves its own processes into a leaf (Linux,
Documentation/admin-guide/cgroup-v2, "no internal process constraint").
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

CONTROLLERS = ("memory", "pids", "cpu")
"""What is limited."""
TREES = (*CONTROLLERS, "cpuacct")
"""The first generation's trees; where ``cpuacct`` and ``cpu`` are one tree, their folders are one as well."""
PERIOD = 100_000
"""Microseconds in which a group's share of the processors is counted; the kernel's own default."""
_GONE_WITHIN = 2.0
"""Seconds that killed processes may take until their group is empty."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a group has used: bytes now, bytes at most, processor seconds, processes now."""

    memory: int
    peak: int
    cpu: float
    processes: int


class Group(Protocol):
    """The group of one sandbox."""

    @property
    def doors(self) -> Sequence[Path]:
        """The files into which a process of one thread writes 0 to come in."""
        ...

    def use(self) -> Use:
        """What it has used so far."""
        ...

    def ran_out(self) -> str:
        """What the kernel had to refuse, "memory" or "processes"; otherwise nothing."""
        ...

    def pids(self) -> list[int]:
        """The processes in it, as seen from here."""
        ...

    def remove(self) -> None:
        """Kill whoever is in it and take it away."""
        ...


class Groups(Protocol):
    """Where groups are made."""

    def make(self, name: str, *, memory: int, processes: int, cpu: float) -> Group:
        """A group with these limits in bytes, count and processors. OSError when it cannot be made."""
        ...

    def clear(self) -> None:
        """Take away what a killed predecessor left behind."""
        ...


def base_of(folder: Path) -> str:
    """The name under which the owner of this folder makes groups: what a killed predecessor left there is taken away,
    and what belongs to another installation on the same machine is not.
    """
    return f"greenlane-{sha256(str(folder).encode()).hexdigest()[:8]}"


def find(base: str, *, mount: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> Groups | None:
    """Where this process may make groups, under the name ``base``; None where it may not."""
    paths = _paths(own.read_text()) if own.exists() else {}
    try:
        if all(name in paths and (mount / name).is_dir() for name in TREES):
            first = FirstGeneration({name: mount / name / paths[name].lstrip("/") / base for name in TREES})
            first.open()
            return first
        root = mount / paths.get("", "").lstrip("/")
        if set(CONTROLLERS) <= set(_words(root / "cgroup.controllers")):
            second = SecondGeneration(root, base)
            second.open()
            return second
    except OSError:
        return None
    return None


def can_be_made(*, mount: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> bool:
    """Whether this process may make groups. Nothing is made."""
    paths = _paths(own.read_text()) if own.exists() else {}
    if all(name in paths and (mount / name).is_dir() for name in TREES):
        return all(os.access(mount / name / paths[name].lstrip("/"), os.W_OK) for name in TREES)
    root = mount / paths.get("", "").lstrip("/")
    return set(CONTROLLERS) <= set(_words(root / "cgroup.controllers")) and os.access(root, os.W_OK)


def _paths(text: str) -> dict[str, str]:
    """The group of a process by controller; the second generation's is under the empty name (cgroups(7))."""
    found = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        for name in controllers.split(","):
            found[name] = path
    return found


def _words(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def _numbers(path: Path) -> dict[str, int]:
    """A file of names with numbers."""
    pairs = (line.split() for line in path.read_text().splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


class FirstGeneration:
    """One folder in each controller's tree."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = dict(folders)

    def open(self) -> None:
        """Make the folders that groups are made in."""
        for folder in self._folders.values():
            folder.mkdir(exist_ok=True)

    def make(self, name: str, *, memory: int, processes: int, cpu: float) -> Group:
        """A group in every tree."""
        folders = {controller: folder / name for controller, folder in self._folders.items()}
        for folder in folders.values():
            folder.mkdir(exist_ok=True)
        (folders["memory"] / "memory.limit_in_bytes").write_text(str(memory))
        with suppress(OSError):  # kernels without accounting of swap have no such file
            (folders["memory"] / "memory.memsw.limit_in_bytes").write_text(str(memory))
        (folders["pids"] / "pids.max").write_text(str(processes))
        (folders["cpu"] / "cpu.cfs_period_us").write_text(str(PERIOD))
        (folders["cpu"] / "cpu.cfs_quota_us").write_text(str(int(cpu * PERIOD)))
        return _FirstGroup(folders)

    def clear(self) -> None:
        """Take away every group that is there."""
        names = {one.name for folder in self._folders.values() for one in folder.iterdir() if one.is_dir()}
        for name in names:
            _FirstGroup({controller: folder / name for controller, folder in self._folders.items()}).remove()


class _FirstGroup:
    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = folders
        # A thread that moves itself alone waits for nobody; a whole process waits until every processor has looked up
        # (`cgroup_procs_write_start` in Linux, kernel/cgroup/cgroup.c): 11 ms for three trees, measured, beside 0.5.
        self.doors = tuple(folder / "tasks" for folder in folders.values())

    def use(self) -> Use:
        """What it has used so far."""
        memory = self._folders["memory"]
        return Use(
            int((memory / "memory.usage_in_bytes").read_text()),
            int((memory / "memory.max_usage_in_bytes").read_text()),
            int((self._folders["cpuacct"] / "cpuacct.usage").read_text()) / 1e9,
            int((self._folders["pids"] / "pids.current").read_text()),
        )

    def ran_out(self) -> str:
        """What the kernel had to refuse."""
        if _numbers(self._folders["memory"] / "memory.oom_control").get("oom_kill", 0):
            return "memory"
        return "processes" if _numbers(self._folders["pids"] / "pids.events").get("max", 0) else ""

    def pids(self) -> list[int]:
        """The processes in it."""
        return [int(pid) for folder in self._folders.values() for pid in _words(folder / "cgroup.procs")]

    def remove(self) -> None:
        """Kill whoever is in it and take it away."""
        _empty(self.pids)
        for folder in self._folders.values():
            _take_away(folder)


class SecondGeneration:
    """One folder in the one tree."""

    def __init__(self, root: Path, base: str) -> None:
        self._root = root
        self._folder = root / base

    def open(self) -> None:
        """Move our own processes into a leaf, and let the controllers reach the groups below."""
        self._folder.mkdir(exist_ok=True)
        if self._root.joinpath("cgroup.type").exists():  # the very root of the tree has no such file, and no constraint
            leaf = self._root / "platform"
            leaf.mkdir(exist_ok=True)
            for pid in _words(self._root / "cgroup.procs"):
                with suppress(ProcessLookupError):
                    (leaf / "cgroup.procs").write_text(pid)
        wanted = " ".join(f"+{name}" for name in CONTROLLERS)
        for folder in (self._root, self._folder):
            (folder / "cgroup.subtree_control").write_text(wanted)

    def make(self, name: str, *, memory: int, processes: int, cpu: float) -> Group:
        """A group with these limits; the kernel kills all of it at once when memory runs out."""
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        for file, value in (
            ("memory.max", str(memory)),
            ("memory.swap.max", "0"),
            ("memory.oom.group", "1"),
            ("pids.max", str(processes)),
            ("cpu.max", f"{int(cpu * PERIOD)} {PERIOD}"),
        ):
            if file != "memory.swap.max" or (folder / file).exists():  # absent in kernels without swap
                (folder / file).write_text(value)
        return _SecondGroup(folder)

    def clear(self) -> None:
        """Take away every group that is there."""
        for folder in self._folder.iterdir():
            if folder.is_dir():
                _SecondGroup(folder).remove()


class _SecondGroup:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.doors = (folder / "cgroup.procs",)

    def use(self) -> Use:
        """What it has used so far."""
        memory = int((self._folder / "memory.current").read_text())
        peak = self._folder / "memory.peak"  # Linux 5.19 and later
        return Use(
            memory,
            int(peak.read_text()) if peak.exists() else memory,
            _numbers(self._folder / "cpu.stat")["usage_usec"] / 1e6,
            int((self._folder / "pids.current").read_text()),
        )

    def ran_out(self) -> str:
        """What the kernel had to refuse."""
        if _numbers(self._folder / "memory.events").get("oom_kill", 0):
            return "memory"
        return "processes" if _numbers(self._folder / "pids.events").get("max", 0) else ""

    def pids(self) -> list[int]:
        """The processes in it."""
        return [int(pid) for pid in _words(self._folder / "cgroup.procs")]

    def remove(self) -> None:
        """Kill whoever is in it and take it away."""
        _empty(self.pids)
        _take_away(self._folder)


def _empty(pids: Callable[[], Sequence[int]]) -> None:
    """Kill until nobody is left: who forks while being killed is found in the next round."""
    deadline = time.monotonic() + _GONE_WITHIN
    while (found := pids()) and time.monotonic() < deadline:
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)


def _take_away(folder: Path) -> None:
    """A process that was killed leaves its group a moment after it is gone from the list."""
    deadline = time.monotonic() + _GONE_WITHIN
    while folder.exists():
        try:
            folder.rmdir()
        except OSError:
            if time.monotonic() > deadline:
                return
            time.sleep(0.002)
