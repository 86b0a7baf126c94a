"""Releases in sandboxes of this machine: files unpacked, a user and a durable folder for each app, one socket in, one way out."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from greenlane.kit.blobs import Blobs
from greenlane.kit.errors import Unavailable
from greenlane.runtime import packages
from greenlane.runtime.cgroups import Use
from greenlane.runtime.commands import Start, Tools, python, start
from greenlane.runtime.driver import CannotRun, Capabilities, DidNotStart, Instance
from greenlane.runtime.egress.driver import WaysOut
from greenlane.runtime.egress.policy import Sandbox
from greenlane.runtime.layers import Layers
from greenlane.runtime.release import KINDS, PYTHON_KINDS, Release
from greenlane.runtime.sandbox import CannotIsolate, Ended, Jail, Jailer, Limits, Mount, Running
from greenlane.runtime.unpacked import Unpacked
from greenlane.runtime.users import Users

START_WITHIN = 60.0
"""Seconds that an app may take until it listens; importing what data apps import takes up to ten on a slow machine."""
COMPILE_WITHIN = 120.0
_LOOK_EVERY = 0.002
_HALF = "It ended before it listened"
_WHY = {
    "memory": "it needed more memory than it may have",
    "processes": "it made more processes than it may have",
    "disk": "it wrote more than it may store",
    "time": "its time was over",
    "killed": "it was stopped",
    "failed": "it ended with an error",
    "done": "it came to its end, as a script does",
}
"""How the ways to end are said."""


def said(ended: Ended) -> str:
    """Why something ended, in words that go on after a comma."""
    return _WHY[ended.why] + (f" (status {ended.status})" if ended.why == "failed" else "")


def installed_deno() -> Path | None:
    """Deno as the lock brings it, beside the interpreter; None where it is not installed."""
    found = shutil.which("deno", path=f"{sys.prefix}/bin{os.pathsep}{os.environ.get('PATH', '')}")
    return None if found is None else Path(found).resolve()


class LocalDriver:
    """``folder`` keeps files, durable folders and the server's packages; ``sockets`` is short and nobody else's."""

    def __init__(
        self, jailer: Jailer, folder: Path, sockets: Path, blobs: Blobs, limits: Limits, ways_out: WaysOut
    ) -> None:
        self._jailer = jailer
        self._folder = folder
        self._sockets = sockets
        self._limits = limits
        self._ways_out = ways_out
        self._running: dict[_Local, threading.Thread] = {}
        self._lock = threading.Lock()
        self._packages: Path | None = None
        self._users = Users(folder / "users.json")
        self._unpacked = Unpacked(folder / "files", blobs)
        self._layers = Layers(folder / "layers", blobs)
        shutil.rmtree(sockets, ignore_errors=True)
        for place in (sockets, folder / "durable"):
            place.mkdir(parents=True, mode=0o700, exist_ok=True)

    def capabilities(self) -> Capabilities:
        """What runs on this machine."""
        kinds = KINDS if installed_deno() else PYTHON_KINDS
        return Capabilities(kinds, self._jailer.available(), self._jailer.weaker())

    def plan(self, release: Release) -> None:
        """Whether it would run. Raises ``CannotRun``."""
        self._start(release)
        if refused := self._jailer.available():
            raise CannotRun("Code cannot be run safely on this machine.", next_step=refused)

    def ensure(self, release: Release, output: Callable[[bytes], None], over: Callable[[Ended], None]) -> Instance:
        """Start it and wait until it listens. Raises ``CannotRun``, ``DidNotStart``, ``BlobsAway``."""
        self.plan(release)
        how = self._start(release, tuple(self._layers.place(layer) for layer in release.layers))
        user = self._users.of(release.key.app, release.key.environment)
        files = self._files(release, user)
        name = sha256("/".join((*release.key, uuid4().hex)).encode()).hexdigest()[:16]
        sockets = self._own(self._sockets / f"{name}.d", user)
        durable = self._own(self._folder / "durable" / release.key.app / release.key.environment, user)
        jail = Jail(
            name=name,
            command=how.command,
            environment=how.environment,
            mounts=(Mount("/app", files), Mount("/data", durable, writable=True), *how.mounts),
            folder="/app",
            limits=self._limits,
            user=user,
            sockets=sockets,
            egress=self._ways_out.open(Sandbox(name, *release.key, use="run")),
        )
        try:
            running = self._jailer.start(jail, output)
        except BaseException as error:
            self._ways_out.close(name)
            if isinstance(error, CannotIsolate):
                raise CannotRun(error.message, next_step=error.next_step) from error
            raise
        instance = _Local(running, sockets, self._sockets / f"{name}.sock")
        farewell = threading.Thread(target=self._see_out, args=(instance, over), name=f"end of {name}", daemon=True)
        with self._lock:
            self._running[instance] = farewell
        farewell.start()
        instance.await_listening()
        return instance

    def close(self) -> None:
        """End everything, each at the same time as the others."""
        with self._lock:
            left = dict(self._running)
        ending = [threading.Thread(target=one.stop, args=(2.0,)) for one in left]
        for thread in ending:
            thread.start()
        for thread in (*ending, *left.values()):
            thread.join()

    def _see_out(self, instance: _Local, over: Callable[[Ended], None]) -> None:
        ended = instance.gone()
        with suppress(Unavailable):  # it forgets by itself what is gone when it starts anew
            self._ways_out.close(instance.name)
        with self._lock:
            self._running.pop(instance, None)
        over(ended)

    def _start(self, release: Release, layers: tuple[Path, ...] = ()) -> Start:
        with self._lock:
            if self._packages is None:
                self._packages = packages.gathered(self._folder / "packages")
        return start(release, Tools(self._packages, installed_deno(), layers))

    def _files(self, release: Release, user: int | None) -> Path:
        place, fresh = self._unpacked.of(release.files)
        if fresh and release.kind in PYTHON_KINDS:
            self._compile(place, user)
        return place

    def _compile(self, place: Path, user: int | None) -> None:
        """Compile Python files once, in a sandbox: a reader of source is no safer than a runner of it. What cannot be
        compiled is left to fail where it is imported.
        """
        if user is not None:
            for folder in (place, *(one for one in place.rglob("*") if one.is_dir())):
                os.chown(folder, user, user)
        command = (python(), "-I", "-S", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "/app")
        limits = replace(self._limits, seconds=COMPILE_WITHIN)
        mounts = (Mount("/app", place, writable=True),)
        jail = Jail(f"compile-{uuid4().hex[:12]}", command, {}, mounts, "/app", limits, user)
        self._jailer.start(jail, lambda _said: None).wait()

    def _own(self, folder: Path, user: int | None) -> Path:
        """A folder of the app's user; the way to it is the platform's."""
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        if user is not None and folder.stat().st_uid != user:
            os.chown(folder, user, user)
        return folder


class _Local:
    """A release in its sandbox.

    The folder that the app makes its socket in is the app's own, so a name in it may lead anywhere at any moment.
    Visitors are sent to another name of the same socket, made here, in a folder that the app cannot reach: a hard link
    to what was looked at, which is a socket and never a symbolic link.
    """

    def __init__(self, running: Running, folder: Path, endpoint: Path) -> None:
        self._running = running
        self.name = running.jail.name
        self._folder = folder
        self.endpoint = endpoint

    @property
    def ended(self) -> Ended | None:
        """How it ended."""
        return self._running.ended

    def probe(self) -> bool:
        """Whether it takes connections; a socket that was made anew is found again."""
        return self.ended is None and (_answers(self.endpoint) or (self._link() and _answers(self.endpoint)))

    def use(self) -> Use:
        """What it uses."""
        return self._running.use()

    def stop(self, grace: float) -> None:
        """End it."""
        self._running.stop(grace)

    def await_listening(self) -> None:
        """Return once it takes connections. Raises ``DidNotStart``; whatever it was is gone then."""
        deadline = time.monotonic() + START_WITHIN
        while not self.probe():
            if (ended := self.ended) is not None:
                raise DidNotStart(f"{_HALF}: {said(ended)}.", ended=ended)
            if time.monotonic() > deadline:
                self.stop(0)
                raise DidNotStart(
                    f"It did not listen within {START_WITHIN:.0f} s.",
                    next_step="An app must answer at the address that it is given, not at one of its own.",
                    ended=self.ended,
                )
            time.sleep(_LOOK_EVERY)

    def gone(self) -> Ended:
        """Wait until it has ended, and take away what it answered at."""
        ended = self._running.wait()
        self.endpoint.unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)
        return ended

    def _link(self) -> bool:
        draft = self.endpoint.with_suffix(".new")
        with suppress(FileNotFoundError):
            draft.unlink()
        try:
            os.link(self._folder / "http.sock", draft, follow_symlinks=False)
        except OSError:
            return False
        if not stat.S_ISSOCK(draft.lstat().st_mode):
            draft.unlink()
            return False
        draft.rename(self.endpoint)
        return True


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
