"""What is to run in a sandbox, what it may see and use, and how it ended: words that everybody around sandboxes shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from greenlane.kit.errors import GreenlaneError

Why = Literal["done", "failed", "time", "memory", "disk", "processes", "killed"]

SOCKETS = "/run/app"
"""Where a sandbox finds the folder that its sockets are in."""


class CannotIsolate(GreenlaneError):
    """Code cannot be run in a sandbox on this machine. Files alone are served as ever."""

    code = "cannot-isolate"
    status = 503


@dataclass(frozen=True, slots=True)
class Mount:
    """Something from outside that a sandbox sees, read-only unless said otherwise."""

    inside: str
    outside: Path
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What a sandbox may use: bytes, count, processors, open files, bytes on disk, seconds on the clock (None: no end)."""

    memory: int
    processes: int
    cpu: float
    files: int
    disk: int
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Jail:
    """What to run and what it may see. ``name`` is unique among the sandboxes of a ``Jailer``.

    ``user`` is the number of the user it becomes, which only root can give; ``sockets`` the folder it sees as
    ``/run/app``, writable; ``egress`` the socket behind ``127.0.0.1:3128``, the only way out, where there is one.
    ``ports`` are the TCP ports it may open and reach, None any of its own network. ``imported`` are the words for
    ``inside/start.py`` where that is what the command runs: a process that has it imported already may run it instead.
    ``reserved`` are bytes that its program lays claim to and never fills, which a limit of each process would count.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    mounts: tuple[Mount, ...]
    folder: str
    limits: Limits
    user: int | None = None
    sockets: Path | None = None
    egress: Path | None = None
    ports: tuple[int, ...] | None = None
    imported: tuple[str, ...] = ()
    reserved: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: the exit status (128 and a signal's number where one ended it), and why."""

    status: int
    why: Why
