"""Having a function run: what it is sent, and what came of it.

The request reaches the app's socket as visitors' requests do, with a field that the edge lets no visitor bring along. The
run's id is its key: sent a second time it begins nothing, and is answered with what came of the first.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Protocol

import orjson

from greenlane.kit.errors import Unavailable
from greenlane.runtime.asking import NotAnswered, Runtime
from greenlane.runtime.release import Key

WAKES_WITHIN = 90.0
"""Seconds that an app may take to wake for a run."""
GRACE = 30.0
"""Seconds after a run's time in which the app has to say how it ended."""
_LOOK_EVERY = 0.5
_LONGEST_WHY = 1000

Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A run as its function is told it. ``seconds`` is how long it may take; ``again`` asks after it and begins nothing."""

    run: str
    key: Key
    function: str
    attempt: int
    seconds: float
    method: str
    target: str
    fields: Fields
    body: bytes
    due: str = ""
    next_run: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class CameOf:
    """What came of it: done, failed, late, unstarted or interrupted; the status it answered, and why."""

    state: str
    status: int = 0
    why: str = ""


class Host(Protocol):
    """Whoever runs functions: ``FunctionHost``, or its fake."""

    def run(self, wanted: Wanted) -> CameOf:
        """Have it run, and wait until it is over."""
        ...

    def used(self, keys: Sequence[Key]) -> None:
        """These have runs going on, and must not be put to sleep."""
        ...


class FunctionHost:
    """The runtime process and the sandboxes it owns. Thread-safe."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def run(self, wanted: Wanted) -> CameOf:
        """Wake the app where it sleeps, send the run, wait."""
        try:
            path = self._awake(wanted.key)
        except NotAnswered as error:
            return CameOf("unstarted", why=error.message)
        asking = _Local(path, wanted.seconds + GRACE)
        try:
            asking.connect()
        except OSError as error:
            return CameOf("unstarted", why=f"It takes no connections: {error.strerror}.")
        try:
            asking.request(wanted.method, wanted.target, wanted.body, dict(_fields(wanted)))
            told = orjson.loads(asking.getresponse().read())
            return _came_of(str(told["outcome"]), int(told["status"]), str(told["why"])[:_LONGEST_WHY])
        except TimeoutError:
            return CameOf("late")
        except (OSError, HTTPException, ValueError, KeyError, TypeError):
            return CameOf("interrupted", why="The app ended before it had said how the run went.")
        finally:
            asking.close()

    def used(self, keys: Sequence[Key]) -> None:
        """Say so to the runtime process. Raises ``Unavailable``."""
        self._runtime.used(keys)

    def _awake(self, key: Key) -> Path:
        deadline = time.monotonic() + WAKES_WITHIN
        while True:
            try:
                answer = self._runtime.endpoint(key)
            except Unavailable as error:
                answer = {"says": error.message, "wait": True}
            if "socket" in answer:
                return Path(answer["socket"])
            if not answer.get("wait") or time.monotonic() > deadline:
                raise NotAnswered(str(answer["says"]))
            time.sleep(_LOOK_EVERY)


class _Local(HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, within: float) -> None:
        super().__init__("app", timeout=within)
        self._path = str(path)

    def connect(self) -> None:
        """Connect to the socket instead of an address."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _fields(wanted: Wanted) -> list[tuple[str, str]]:
    ours = {
        "Greenlane-Run": wanted.run,
        "Greenlane-Function": wanted.function,
        "Greenlane-Run-Attempt": str(wanted.attempt),
        "Greenlane-Run-Seconds": f"{wanted.seconds:g}",
        "Greenlane-Run-Due": wanted.due,
        "Greenlane-Run-Next": wanted.next_run,
        "Greenlane-Run-Again": "1" if wanted.again else "",
    }
    named = {name.lower() for name in ours}
    return [
        *((name, value) for name, value in wanted.fields if name.lower() not in named),
        *((name, value) for name, value in ours.items() if value),
    ]


def _came_of(outcome: str, status: int, why: str) -> CameOf:
    if outcome in ("done", "failed", "late"):
        return CameOf(outcome, status, why)
    return CameOf("interrupted", why="The app does not know of this run: it was started anew meanwhile.")
