"""Releases in sandboxes of this machine: files unpacked, a user and a durable folder for each app, one socket in, one way out."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from greenlane.kit import trees
from greenlane.kit.blobs import Blobs
from greenlane.kit.errors import Unavailable
from greenlane.runtime import packages
from greenlane.runtime.cgroups import Use
from greenlane.runtime.commands import Start, Tools, start
from greenlane.runtime.driver import CannotRun, Capabilities, DidNotStart, Instance, Room, Rooms
from greenlane.runtime.egress.driver import WaysOut
from greenlane.runtime.egress.policy import Sandbox
from greenlane.runtime.inside.start import INSTANCE
from greenlane.runtime.jail import CannotIsolate, Ended, Jail, Limits, Mount
from greenlane.runtime.layers import Layers
from greenlane.runtime.preparing import Preparing
from greenlane.runtime.release import KINDS, PYTHON_KINDS, Key, Release
from greenlane.runtime.sandbox import Jailer, Running
from greenlane.runtime.unpacked import Unpacked
from greenlane.runtime.users import Users

START_WITHIN = 60.0
"""Seconds that an app may take until it listens; importing what data apps import takes up to ten on a slow machine."""
SPARE = 4
"""What part of its quota an app may go over it, before it is ended at once: it is told to end before that."""
_FAREWELL = 5.0
"""Seconds to finish what it is doing for an app whose data somebody is about to change."""
_LOOK_EVERY = 0.001
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
    """``folder`` keeps files and the server's packages; ``sockets`` is short and nobody else's; ``rooms`` are where apps
    keep what is theirs for good, ``known`` holds the public keys of who introduces visitors to them.
    """

    def __init__(
        self,
        jailer: Jailer,
        folder: Path,
        sockets: Path,
        blobs: Blobs,
        limits: Limits,
        ways_out: WaysOut,
        rooms: Rooms,
        known: Path | None = None,
    ) -> None:
        self._jailer = jailer
        self._folder = folder
        self._sockets = sockets
        self._limits = limits
        self._ways_out = ways_out
        self._rooms = rooms
        self._known = known
        self._gates: dict[tuple[str, str], threading.Lock] = {}
        self._running: dict[_Local, threading.Thread] = {}
        self._begun = False
        self._lock = threading.Lock()
        self._packages: Path | None = None
        self._users = Users(folder / "users.json")
        self._unpacked = Unpacked(folder / "files", blobs)
        self._layers = Layers(folder / "layers", blobs)
        self._preparing = Preparing(jailer, folder / "functions", limits)
        shutil.rmtree(sockets, ignore_errors=True)
        for place in (folder, sockets):
            place.mkdir(parents=True, mode=0o700, exist_ok=True)
        if known is not None:
            known.mkdir(parents=True, exist_ok=True)
            known.chmod(0o755)  # whatever our umask is: apps are other users

    def capabilities(self) -> Capabilities:
        """What runs on this machine."""
        kinds = KINDS if installed_deno() else PYTHON_KINDS
        return Capabilities(kinds, self._jailer.available(), self._jailer.weaker())

    def plan(self, release: Release) -> None:
        """Whether it would run. Raises ``CannotRun``."""
        start(release, self._brought())
        if refused := self._jailer.available():
            raise CannotRun("Code cannot be run safely on this machine.", next_step=refused)

    def ensure(self, release: Release, output: Callable[[bytes], None], over: Callable[[Ended], None]) -> Instance:
        """Start it and wait until it listens. Raises ``CannotRun``, ``DidNotStart``, ``BlobsAway``."""
        self.plan(release)
        self._begin()
        user = self._users.of(release.key.app, release.key.environment)
        files = self._files(release, user)
        how = start(release, self._tools(release, files, user))
        with self._gate(release.key.app, release.key.environment):
            instance = self._launch(release, how, files, user, output, over)
        instance.await_listening()
        return instance

    def room(self, app: str, environment: str) -> Room | None:
        """The app's folder as it is now."""
        return self._rooms(app, environment)

    def owner(self, app: str, environment: str) -> int | None:
        """The number that an app has in an environment."""
        return self._users.of(app, environment)

    @contextmanager
    def still(self, app: str, environment: str) -> Iterator[None]:
        """Every sandbox of the app there is stopped where it is."""
        with self._gate(app, environment), ExitStack() as held:
            for instance in self._of(app, environment):
                held.callback(instance.running.go_on)
                instance.running.hold_still()
            yield

    @contextmanager
    def emptied(self, app: str, environment: str) -> Iterator[None]:
        """Every sandbox of the app there is ended."""
        with self._gate(app, environment):
            for instance in self._of(app, environment):
                instance.stop(_FAREWELL)
            yield

    def _gate(self, app: str, environment: str) -> threading.Lock:
        """Held while something of an app is being started in an environment, or while nothing must be."""
        with self._lock:
            return self._gates.setdefault((app, environment), threading.Lock())

    def _of(self, app: str, environment: str) -> list[_Local]:
        with self._lock:
            return [one for one in self._running if one.key[:2] == (app, environment)]

    def _launch(
        self,
        release: Release,
        how: Start,
        files: Path,
        user: int | None,
        output: Callable[[bytes], None],
        over: Callable[[Ended], None],
    ) -> _Local:
        """Start it, without waiting for it to listen. Called with the gate held."""
        room = self._rooms(release.key.app, release.key.environment)
        name = sha256("/".join((*release.key, uuid4().hex)).encode()).hexdigest()[:16]
        sockets = self._own(self._sockets / f"{name}.d", user)
        if user is not None and room.folder.stat().st_uid != user:  # it is new, or came back from a backup
            trees.give(room.folder, user)
        data = Mount("/data", room.folder, writable=not room.full)
        jail = Jail(
            name=name,
            command=how.command,
            environment=how.environment,
            mounts=(Mount("/app", files), data, *how.mounts),
            folder="/app",
            limits=replace(self._limits, disk=room.quota + room.quota // SPARE),
            user=user,
            sockets=sockets,
            egress=self._ways_out.open(Sandbox(name, *release.key, use="run", models=True)),
            ports=how.ports,
            imported=how.imported,
            reserved=how.reserved,
        )
        try:
            running = self._jailer.start(jail, output)
        except BaseException as error:
            self._ways_out.close(name)
            if isinstance(error, CannotIsolate):
                raise CannotRun(error.message, next_step=error.next_step) from error
            raise
        instance = _Local(release.key, room, running, sockets, self._sockets / f"{name}.sock")
        farewell = threading.Thread(target=self._see_out, args=(instance, over), name=f"end of {name}", daemon=True)
        with self._lock:
            self._running[instance] = farewell
        farewell.start()
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

    def _begin(self) -> None:
        """Before the first sandbox: those of a predecessor that was killed are gone, so are their ways out."""
        with self._lock:
            if not self._begun:
                self._ways_out.begin("run")
                self._begun = True

    def _see_out(self, instance: _Local, over: Callable[[Ended], None]) -> None:
        ended = instance.gone()
        with suppress(Unavailable):  # it forgets by itself what is gone when it starts anew
            self._ways_out.close(instance.name)
        with self._lock:
            self._running.pop(instance, None)
        over(ended)

    def _tools(self, release: Release, files: Path, user: int | None) -> Tools:
        """What the platform brings along for this release."""
        tools = replace(self._brought(), layers=tuple(self._layers.place(layer) for layer in release.layers))
        if release.kind != "functions" or tools.deno is None:
            return tools
        return replace(tools, cache=self._preparing.functions(release, tools.deno, files, user))

    def _brought(self) -> Tools:
        with self._lock:
            if self._packages is None:
                self._packages = packages.gathered(self._folder / "packages")
            return Tools(self._packages, installed_deno(), known=self._known)

    def _files(self, release: Release, user: int | None) -> Path:
        place, fresh = self._unpacked.of(release.files)
        if fresh and release.kind in PYTHON_KINDS:
            self._preparing.python(place, user)
        if release.kind == "wsgi":
            with suppress(FileExistsError):  # it was here before, or is the app's own
                (place / INSTANCE).symlink_to(f"/data/{INSTANCE}")
        return place

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

    def __init__(self, key: Key, room: Room, running: Running, folder: Path, endpoint: Path) -> None:
        self.key = key
        self.room = room
        self.running = running
        self.name = running.jail.name
        self._folder = folder
        self._retired = False
        self.endpoint = endpoint

    @property
    def ended(self) -> Ended | None:
        """How it ended."""
        return self.running.ended

    @property
    def outgrown(self) -> bool:
        """Whether it stored more than it may."""
        return not self.room.full and self.running.stored > self.room.quota

    def probe(self) -> bool:
        """Whether it takes connections; a socket that was made anew is found again."""
        return (
            not self._retired
            and self.ended is None
            and (_answers(self.endpoint) or (self._link() and _answers(self.endpoint)))
        )

    def use(self) -> Use:
        """What it uses."""
        return self.running.use()

    def retire(self) -> None:
        """Take the name away that visitors are sent to. The app's own is in a folder that they cannot reach."""
        self._retired = True
        self.endpoint.unlink(missing_ok=True)

    def stop(self, grace: float) -> None:
        """End it."""
        self.running.stop(grace)

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
        ended = self.running.wait()
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
        draft.chmod(0o666)  # an app may listen a moment before it lets others in; the folder around it lets in us alone
        draft.rename(self.endpoint)
        draft.unlink(missing_ok=True)  # rename(2) leaves both names where they name the same socket already
        return True


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
