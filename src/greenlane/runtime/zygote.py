"""Starting a sandbox's command from a process that has imported what apps need: the platform's end of ``inside/zygote.py``.

There is one where the platform is root: entering the namespaces of a sandbox that bubblewrap laid out takes its powers.
Should it die, its children die, and the next start makes another one.
"""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import orjson
import structlog

from greenlane.runtime import bubblewrap, seccomp
from greenlane.runtime.inside import furnishing
from greenlane.runtime.jail import Jail

log = structlog.get_logger()

_PROGRAMS = ("zygote.py", "start.py", "landlock.py", "furnishing.py")
_NAMESPACES = ("pid", "mnt", "net", "ipc", "uts", "cgroup")
"""In the order in which they are handed over; ``inside/zygote.py`` counts on it."""
_WITHIN = 30.0
"""Seconds that it may take to import everything, or to fork."""
_AGAIN_AFTER = 5.0
"""Seconds between two attempts to have one; apps start the slower way meanwhile."""
_LONGEST = 65536
KILLED = 137
"""The status of a child of which nothing was heard any more."""


class NoZygote(OSError):
    """There is none just now; the slower way is open."""


class Child:
    """A command that was started. ``pid`` as seen from here; ``over`` is called with its status, once."""

    def __init__(self, over: Callable[[int], None]) -> None:
        self.pid = 0
        self.over = over


class Zygote:
    """One for all sandboxes. ``packages`` says where the platform's packages lie. Thread-safe."""

    def __init__(self, packages: Callable[[], Path]) -> None:
        self._packages = packages
        self._lock = threading.Lock()
        self._line: _Line | None = None
        self._not_before = 0.0

    def ready(self) -> bool:
        """Whether there is one; it is made where there is none."""
        try:
            self._prepare()
        except NoZygote as error:
            log.warning("apps start the slower way", why=str(error))
            return False
        return True

    def _prepare(self) -> None:
        with self._lock:
            if self._line is not None and not self._line.over.is_set():
                return
            if not furnishing.possible():
                raise NoZygote("this kernel cannot move mounts, which takes Linux 5.12")
            if time.monotonic() < self._not_before:
                raise NoZygote("it could not be started a moment ago")
            self._not_before = time.monotonic() + _AGAIN_AFTER
            self._line = _Line(bubblewrap.nursery(self._packages(), _PROGRAMS))

    def start(self, jail: Jail, first: int, streams: tuple[int, int], doors: Sequence[Path], child: Child) -> None:
        """Start a jail's command in the sandbox that ``first`` is a process of.

        ``streams`` are what it writes to, and the gate behind which it waits for a byte: until all is laid out. Raises ``NoZygote``, or OSError when the sandbox is gone.
        """
        mounts = bubblewrap.brought(jail)
        order = {
            "places": [(mount.inside, mount.outside.is_dir()) for mount in mounts],
            "written": {path: content.decode() for path, content in bubblewrap.written(jail).items()},
            "own": bubblewrap.OWN,
            "room": bubblewrap.room(jail),
            "doors": len(doors),
            "command": jail.command,
            "imported": jail.imported,
            "environment": bubblewrap.environment(jail),
            "folder": jail.folder,
            "user": jail.user,
            "limits": bubblewrap.rlimits(jail, grouped=bool(doors)),
            "bounds": bubblewrap.bounds(jail),
            "seccomp": seccomp.program().hex(),
        }
        self._prepare()
        with self._lock, ExitStack() as stack:
            line = self._line
            assert line is not None, "it was prepared"
            descriptors: list[int] = []
            stack.callback(lambda: _close(descriptors))
            descriptors.append(memory(orjson.dumps(order)))
            descriptors += [os.dup(one) for one in streams]
            for name in _NAMESPACES:
                descriptors.append(os.open(f"/proc/{first}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC))
            for door in doors:
                descriptors.append(os.open(door, os.O_WRONLY | os.O_CLOEXEC))
            for mount in mounts:
                descriptors.append(furnishing.opened(str(mount.outside), writable=mount.writable))
            line.ask(descriptors, child)

    def close(self) -> None:
        """End it, and every child with it."""
        with self._lock:
            if self._line is not None:
                self._line.close()


class _Line:
    """One process and what it says. Made whole or not at all: ``NoZygote``."""

    def __init__(self, command: Sequence[str]) -> None:
        self.over = threading.Event()
        self._command = command
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._children: dict[int, Child] = {}
        self._asked: Child | None = None
        self._answer: Mapping[str, Any] = {}
        self._answered = threading.Event()
        # The thread that starts it is the one that listens: a child dies with the thread that made it.
        threading.Thread(target=self._live, name="zygote", daemon=True).start()
        own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._say([own])
        finally:
            os.close(own)

    def ask(self, descriptors: Sequence[int], child: Child) -> None:
        """Have a child forked. One question at a time."""
        self._asked = child
        self._say(descriptors)
        if "failed" in self._answer:
            raise OSError(str(self._answer["failed"]))

    def close(self) -> None:
        """Hang up: it ends."""
        with suppress(OSError):
            self._ours.shutdown(socket.SHUT_RDWR)
        self.over.wait(_WITHIN)

    def _say(self, descriptors: Sequence[int]) -> None:
        self._answered.clear()
        try:
            socket.send_fds(self._ours, [b"."], descriptors)
        except OSError as error:
            raise NoZygote(str(error)) from error
        if not self._answered.wait(_WITHIN) or self.over.is_set():
            self.close()
            raise NoZygote("it does not answer")

    def _live(self) -> None:
        process = None
        try:
            with self._theirs:
                process = subprocess.Popen(
                    list(self._command), stdin=self._theirs.fileno(), env={"PATH": os.environ.get("PATH", "")}
                )
            while said := self._ours.recv(_LONGEST):
                self._hear(orjson.loads(said))
        except OSError as error:
            log.warning("what starts apps quickly ended", why=str(error))
        finally:
            self.over.set()
            self._answered.set()
            self._ours.close()
            for child in self._children.values():
                child.over(KILLED)
            if process is not None:
                process.kill()
                process.wait()

    def _hear(self, said: Mapping[str, Any]) -> None:
        if "ended" in said:
            child = self._children.pop(said["ended"], None)
            if child is not None:
                child.over(int(said["status"]))
            return
        if "began" in said and self._asked is not None:
            self._asked.pid = int(said["began"])
            self._children[self._asked.pid] = self._asked
        self._answer = said
        self._answered.set()


def _close(descriptors: Sequence[int]) -> None:
    for one in descriptors:
        os.close(one)


def memory(content: bytes) -> int:
    """A descriptor of a file in memory, at its beginning."""
    descriptor = os.memfd_create("greenlane")
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
