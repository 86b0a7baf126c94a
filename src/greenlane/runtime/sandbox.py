"""One sandbox: a command in its own view of the machine, built by bubblewrap, with limits that the kernel keeps.

Inside there are a read-only system, the files that were mounted, a small private ``/tmp``, and no network but what
lies in ``/run/app``. The process has no powers, cannot gain any, and dies with whoever started it. Where the platform
runs as root every sandbox is a user of its own; elsewhere a user namespace keeps it apart (user_namespaces(7)).
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from greenlane.kit import trees
from greenlane.runtime import bubblewrap, holding_still, seccomp
from greenlane.runtime.cgroups import Group, Groups, Use
from greenlane.runtime.jail import CannotIsolate, Ended, Jail, Limits, Mount, Why
from greenlane.runtime.place import Place
from greenlane.runtime.spares import Spares
from greenlane.runtime.way_out import WaysOut
from greenlane.runtime.zygote import Child, Zygote

_LOOK_EVERY = 0.1
"""Seconds between two looks at the clock, and at least between two at the disk."""
_CHUNK = 65536

_ENTER = """set -e; umask 022
while [ "$1" != -- ]; do echo 0 > "$1"; shift; done; shift
ulimit -c 0; ulimit -n "$1"; ulimit -f "$2"; [ "$3" = - ] || ulimit -d "$3"; [ "$4" = - ] || ulimit -p "$4"; shift 4
exec "$@"
"""
"""What runs before bubblewrap: come into the group, take the limits, become bubblewrap (sh is there everywhere)."""


class Jailer:
    """Makes sandboxes. ``groups`` keep limits for all processes of a sandbox together; None where that is not to be had.

    Without groups, memory is limited for each process and processes are counted for the user, which is weaker: see
    ``weaker``. With a ``zygote``, commands start quickly, and with ``spares`` more so.
    """

    def __init__(self, groups: Groups | None, zygote: Zygote | None = None, spares: Spares | None = None) -> None:
        self._groups = groups
        self._zygote = zygote
        self._spares = spares
        self._ways_out = WaysOut()
        if groups is not None:
            groups.clear()

    @cached_property
    def _unavailable(self) -> str:
        if sys.platform != "linux" or os.uname().machine not in seccomp.machines():
            return "Apps run on Linux alone, on x86_64 and aarch64; files are served everywhere."
        missing = [package for program, package in bubblewrap.NEEDED if shutil.which(program) is None]
        if missing:
            return f"{' and '.join(missing)} must be installed, as by `apt-get install {' '.join(missing)}`."
        return self._trial()

    def available(self) -> str:
        """Nothing where code can be isolated here, otherwise what is missing and what to do about it."""
        return self._unavailable

    def weaker(self) -> str:
        """Nothing where every limit holds for a sandbox as a whole, otherwise what does not, in words."""
        if self._groups is not None:
            return ""
        return (
            "There are no control groups to write to, so limits of memory hold for each process and of processors not."
        )

    def _trial(self) -> str:
        """Whether code can be isolated here: nothing, or why not. What it finds counts as long as this process lives, so
        that one failure, which a busy machine may bring about, is not believed.
        """
        failed = self._try() and self._try()
        if not failed:
            return ""
        return (
            f"Namespaces cannot be made here ({failed}). Start `greenlane up` "
            "as root, or allow them: `sysctl kernel.unprivileged_userns_clone=1` on Debian, "
            "`sysctl kernel.apparmor_restrict_unprivileged_userns=0` on Ubuntu."
        )

    def _try(self) -> str:
        """Run nothing in a whole sandbox: nothing where it could, otherwise what was said."""
        said: list[bytes] = []
        limits = Limits(256 * 1024**2, 64, 1.0, 64, 1024**2, 10.0)
        user = bubblewrap.NOBODY if os.getuid() == 0 else None
        name = f"trial-{os.getpid()}"  # others may try at the same time
        try:
            ended = self._start(Jail(name, ("true",), {}, (), "/", limits, user), None, said.append).wait()
        except OSError as error:
            return str(error) or type(error).__name__
        if ended.status == 0:
            return ""
        return b"".join(said).decode("utf-8", "replace").strip() or f"status {ended.status}, {ended.why}"

    def start(self, jail: Jail, output: Callable[[bytes], None]) -> Running:
        """Start it. ``output`` is called with what it writes, in a thread of its own, as it comes.

        Raises ``CannotIsolate``, or OSError when the machine has no room for another.
        """
        if self._unavailable:
            raise CannotIsolate("Code cannot be run safely on this machine.", next_step=self._unavailable)
        return self._start(jail, self._zygote if self.warm() else None, output)

    def warm(self) -> bool:
        """Have ready what starts commands quickly, and whether it is."""
        if self._zygote is None or not self._zygote.ready():
            return False
        if self._spares is not None:
            self._spares.begin()
        return True

    def _start(self, jail: Jail, zygote: Zygote | None, output: Callable[[bytes], None]) -> Running:
        if (os.getuid() == 0) != (jail.user is not None):
            raise ValueError("a sandbox has a user of its own exactly where the platform is root")
        running = Running(jail, self._groups, self._ways_out, zygote, self._spares, output)
        running._begin()
        return running

    def close(self) -> None:
        """Take away what groups are left in; sandboxes that still run are ended."""
        if self._zygote is not None:
            self._zygote.close()
        if self._spares is not None:
            self._spares.close()
        if self._groups is not None:
            self._groups.clear()


class Running:
    """A sandbox that was started. Thread-safe."""

    def __init__(
        self,
        jail: Jail,
        groups: Groups | None,
        ways_out: WaysOut,
        zygote: Zygote | None,
        spares: Spares | None,
        output: Callable[[bytes], None],
    ) -> None:
        self.jail = jail
        self._groups = groups
        self._group: Group | None = None
        self._ways_out = ways_out
        self._zygote = zygote
        self._spares = spares
        self._output = output
        self._place: Place | None = None
        self._child: Child | None = None
        self._child_ended: Future[int] = Future()
        self._spawned = threading.Event()
        self._over = threading.Event()
        self._broken: BaseException | None = None
        self._told: Why | None = None
        self._ended = Ended(1, "failed")
        self.stored = 0
        """Bytes on the disk in what it may write to, when that was looked at last."""

    @property
    def pid(self) -> int:
        """The process id of the sandbox's first process, as seen from here."""
        return 0 if self._place is None else self._place.first

    @property
    def ended(self) -> Ended | None:
        """How it ended; None while it runs."""
        return self._ended if self._over.is_set() else None

    def wait(self, timeout: float | None = None) -> Ended:
        """How it ended, once it has. TimeoutError when it has not after ``timeout`` seconds."""
        if not self._over.wait(timeout):
            raise TimeoutError(f"{self.jail.name} still runs")
        return self._ended

    def use(self) -> Use:
        """What it has used; nothing where the kernel does not count for us, or when it has ended."""
        try:
            return Use(0, 0, 0.0, 0) if self._group is None else self._group.use()
        except OSError:
            return Use(0, 0, 0.0, 0)

    def stop(self, grace: float = 0.0) -> Ended:
        """End it and everything in it: asked first (SIGTERM) where there is grace, in seconds. Returns how it ended."""
        self._told = self._told or "killed"
        if grace > 0:
            for pid in self._commands():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
            self._over.wait(grace)
        self._kill()
        return self.wait()

    def hold_still(self) -> None:
        """Stop everything in it where it is, until ``go_on``. Raises ``Unavailable`` when it cannot be done in time."""
        if self.pid and self.ended is None:
            holding_still.hold((self.pid, *self._commands()))

    def go_on(self) -> None:
        """Let it go on where it was."""
        if self.pid and self.ended is None:
            holding_still.let_go((self.pid, *self._commands()))

    def _commands(self) -> list[int]:
        """The command itself, or what the sandbox's first process started: that before all (proc_pid_children(5))."""
        if self._child is not None:
            return [] if self._child_ended.done() else [self._child.pid]
        try:
            return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        except OSError:
            return []

    def _kill(self) -> None:
        if self._place is not None:
            self._place.kill()

    def _begin(self) -> None:
        # A sandbox ends with the thread that made its place: so the thread that minds it makes it, where no spare one is.
        threading.Thread(target=self._live, name=f"sandbox {self.jail.name}", daemon=True).start()
        self._spawned.wait()
        if self._broken is not None:
            raise self._broken

    def _live(self) -> None:
        try:
            self._spawn()
        except BaseException as error:  # noqa: BLE001  raised again by _begin, in the thread that asked
            self._broken = error
            self._close()
            self._spawned.set()
            return
        self._spawned.set()
        try:
            self._mind()
        finally:
            self._close()
            self._over.set()

    def _close(self) -> None:
        if self._place is not None:
            self._place.close()
        self._ways_out.close(self.jail.name)
        if self._group is not None:
            self._group.remove()

    def _spawn(self) -> None:
        """Have the command started: by the zygote in a place that was laid out for nobody, where there is one, else by what
        holds a place of the app's own, which becomes the command.
        """
        if self._zygote is None:
            self._make_group()
            self._place = place = Place(self.jail, self._entering())
            place.hand_on()
            self._open_way_out(place)
            with suppress(BrokenPipeError):
                place.line.send(b"\n")
        else:
            self._place = place = (self._spares and self._spares.take()) or Place()
            self._make_group()  # whoever holds the place needs none: what is brought comes into it
            if place.first:
                self._move_in(place, self._zygote)
            place.hand_on()

    def _make_group(self) -> None:
        if self._groups is not None:
            limits = self.jail.limits
            self._group = self._groups.make(
                self.jail.name, memory=limits.memory, processes=limits.processes, cpu=limits.cpu
            )

    def _entering(self) -> list[str]:
        """What comes before bubblewrap where its command becomes the sandbox's own, to be in the group and the limits."""
        doors = () if self._group is None else self._group.doors
        limits = _ulimits(bubblewrap.rlimits(self.jail, grouped=self._group is not None))
        return ["/bin/sh", "-c", _ENTER, "sh", *map(str, doors), "--", *limits]

    def _open_way_out(self, place: Place) -> None:
        if self.jail.egress is not None and place.first:
            self._ways_out.open(self.jail.name, place.first, self.jail.egress)

    def _move_in(self, place: Place, zygote: Zygote) -> None:
        """Have the command and the way out ready while the sandbox is laid out, and let it in when it is."""
        doors = () if self._group is None else self._group.doors
        gate, opens = os.pipe2(os.O_CLOEXEC)
        try:
            child = Child(self._see_out)
            with ThreadPoolExecutor(1) as beside:
                opened = beside.submit(self._open_way_out, place)
                zygote.start(self.jail, place.first, (place.written, gate), doors, child)
                self._child = child
                opened.result()
            if place.is_laid_out():
                os.write(opens, b"\n")
        finally:
            os.close(gate)
            os.close(opens)

    def _see_out(self, status: int) -> None:
        """The command ended: whatever else is in the sandbox ends with it."""
        self._child_ended.set_result(status)
        assert self._place is not None, "it ran there"
        with suppress(OSError):
            self._place.line.shutdown(socket.SHUT_RDWR)

    def _mind(self) -> None:
        """Hand on what it writes, and look at the clock and the disk, until nobody in it writes any more."""
        assert self._place is not None, "it was laid out"
        pipe = self._place.pipe
        writes = select.poll()  # select() takes no descriptor from 1024 on
        writes.register(pipe, select.POLLIN)
        began = looked = time.monotonic()
        pause = _LOOK_EVERY
        limits = self.jail.limits
        while True:
            if writes.poll(_LOOK_EVERY * 1000):
                chunk = os.read(pipe, _CHUNK)
                if not chunk:
                    break
                self._output(chunk)
            now = time.monotonic()
            if limits.seconds is not None and now - began > limits.seconds:
                self._end_for("time")
            if now - looked > pause:
                self.stored = _taken(self.jail.mounts)
                if self.stored > limits.disk:
                    self._end_for("disk")
                looked = time.monotonic()
                pause = max(_LOOK_EVERY, 20 * (looked - now))  # looking takes a twentieth of the time at most
        status = self._place.process.wait()
        if self._child is not None:
            status = self._child_ended.result()
        self._ended = Ended(status if status >= 0 else 128 - status, self._why(status))

    def _end_for(self, why: Why) -> None:
        self._told = self._told or why
        self._kill()

    def _why(self, status: int) -> Why:
        if self._told is not None:
            return self._told
        if status == 0:
            return "done"
        ran_out = "" if self._group is None else self._group.ran_out()
        if ran_out == "memory":
            return "memory"
        if status == 128 + signal.SIGXFSZ or _taken(self.jail.mounts) > self.jail.limits.disk:
            return "disk"
        return "processes" if ran_out == "processes" else "failed"


def _ulimits(limits: Mapping[str, int]) -> list[str]:
    """As ``_ENTER`` takes them: files, blocks of 512 bytes in a file, KiB of data, processes; the last two may be none."""
    data, processes = limits.get("DATA"), limits.get("NPROC")
    return [
        *(str(limits["NOFILE"]), str(limits["FSIZE"] // 512)),
        *("-" if data is None else str(data // 1024), "-" if processes is None else str(processes)),
    ]


def _taken(mounts: Sequence[Mount]) -> int:
    """Bytes on the disk in what a sandbox may write to. What disappears meanwhile counts nothing."""
    return sum(trees.measure(mount.outside) for mount in mounts if mount.writable)
