"""One sandbox: a command in its own view of the machine, built by bubblewrap, with limits that the kernel keeps.

Inside there are a read-only system, the files that were mounted, a small private ``/tmp``, and no network but what
lies in ``/run/app``. The process has no powers, cannot gain any, and dies with whoever started it. Where the platform
runs as root every sandbox is a user of its own; elsewhere a user namespace keeps it apart (user_namespaces(7)).
"""

from __future__ import annotations

import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Literal

import orjson

from greenlane.kit.errors import GreenlaneError
from greenlane.runtime import seccomp
from greenlane.runtime.cgroups import Group, Groups, Use
from greenlane.runtime.way_out import WAY_OUT, WaysOut

Why = Literal["done", "failed", "time", "memory", "disk", "processes", "killed"]

SOCKETS = "/run/app"
"""Where a sandbox finds the folder that its sockets are in."""

_SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC = ("ld.so.cache", "ssl", "ca-certificates", "pki", "localtime", "mime.types", "alternatives")
"""What programs read of the machine's settings; names of users and hosts are the sandbox's own."""
_LOOK_EVERY = 0.1
"""Seconds between two looks at the clock, and at least between two at the disk."""
_CHUNK = 65536

_ENTER = """set -e; umask 022
while [ "$1" != -- ]; do echo 0 > "$1"; shift; done; shift
ulimit -c 0; ulimit -n "$1"; ulimit -f "$2"; [ "$3" = - ] || ulimit -d "$3"; [ "$4" = - ] || ulimit -p "$4"; shift 4
exec "$@"
"""
"""What runs before bubblewrap: come into the group, take the limits, become bubblewrap (sh is there everywhere)."""


_BEGIN = 'read -r begin && exec "$@" </dev/null'
"""What runs last before the command: wait for the word of whoever started this. Should they have died meanwhile, there is
none, and nothing is left behind: bubblewrap itself notices only a death that comes after it has begun to look.
"""


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


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: the exit status (128 and a signal's number where one ended it), and why."""

    status: int
    why: Why


class Jailer:
    """Makes sandboxes. ``groups`` keep limits for all processes of a sandbox together; None where that is not to be had.

    Without groups, memory is limited for each process and processes are counted for the user, which is weaker: see
    ``weaker``.
    """

    def __init__(self, groups: Groups | None) -> None:
        self._groups = groups
        self._ways_out = WaysOut()
        if groups is not None:
            groups.clear()

    @cached_property
    def _unavailable(self) -> str:
        if sys.platform != "linux" or os.uname().machine not in seccomp.machines():
            return "Apps run on Linux alone, on x86_64 and aarch64; files are served everywhere."
        missing = [package for program, package in _NEEDED if shutil.which(program) is None]
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
        """Run nothing in a whole sandbox and see whether it can."""
        said: list[bytes] = []
        limits = Limits(256 * 1024**2, 64, 1.0, 64, 1024**2, 10.0)
        user = TRIAL_USER if os.getuid() == 0 else None
        try:
            ended = self._start(Jail("trial", ("true",), {}, (), "/", limits, user), said.append).wait()
        except OSError as error:
            ended = Ended(1, "failed")
            said.append(str(error).encode())
        if ended.status == 0:
            return ""
        return (
            f"Namespaces cannot be made here ({b''.join(said).decode('utf-8', 'replace').strip()}). Start `greenlane up` "
            "as root, or allow them: `sysctl kernel.unprivileged_userns_clone=1` on Debian, "
            "`sysctl kernel.apparmor_restrict_unprivileged_userns=0` on Ubuntu."
        )

    def start(self, jail: Jail, output: Callable[[bytes], None]) -> Running:
        """Start it. ``output`` is called with what it writes, in a thread of its own, as it comes.

        Raises ``CannotIsolate``, or OSError when the machine has no room for another.
        """
        if self._unavailable:
            raise CannotIsolate("Code cannot be run safely on this machine.", next_step=self._unavailable)
        return self._start(jail, output)

    def _start(self, jail: Jail, output: Callable[[bytes], None]) -> Running:
        if (os.getuid() == 0) != (jail.user is not None):
            raise ValueError("a sandbox has a user of its own exactly where the platform is root")
        group = None
        if self._groups is not None:
            limits = jail.limits
            group = self._groups.make(jail.name, memory=limits.memory, processes=limits.processes, cpu=limits.cpu)
        running = Running(jail, group, self._ways_out, output)
        running._begin()
        return running

    def close(self) -> None:
        """Take away what groups are left in; sandboxes that still run are ended."""
        if self._groups is not None:
            self._groups.clear()


class Running:
    """A sandbox that was started. Thread-safe."""

    def __init__(self, jail: Jail, group: Group | None, ways_out: WaysOut, output: Callable[[bytes], None]) -> None:
        self.jail = jail
        self._group = group
        self._ways_out = ways_out
        self._output = output
        self._process: subprocess.Popen[bytes] | None = None
        self._first = 0
        self._spawned = threading.Event()
        self._over = threading.Event()
        self._broken: BaseException | None = None
        self._told: Why | None = None
        self._ended = Ended(1, "failed")

    @property
    def pid(self) -> int:
        """The process id of the sandbox's first process, as seen from here."""
        return self._first

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

    def _commands(self) -> list[int]:
        """What the sandbox's first process started: the command itself, before all (proc_pid_children(5))."""
        try:
            return [int(pid) for pid in Path(f"/proc/{self._first}/task/{self._first}/children").read_text().split()]
        except OSError:
            return []

    def _kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def _begin(self) -> None:
        # Linux tells a child that its parent died when the *thread* that started it ends (PR_SET_PDEATHSIG): so the
        # thread that minds a sandbox is the one that starts it.
        threading.Thread(target=self._live, name=f"sandbox {self.jail.name}", daemon=True).start()
        self._spawned.wait()
        if self._broken is not None:
            raise self._broken

    def _live(self) -> None:
        try:
            self._spawn()
        except BaseException as error:  # noqa: BLE001  raised again by _begin, in the thread that asked
            self._broken = error
            self._kill()
            self._close()
            self._spawned.set()
            return
        self._spawned.set()
        try:
            self._mind()
        finally:
            self._kill()
            self._close()
            self._over.set()

    def _close(self) -> None:
        if self._process is not None:
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
        self._ways_out.close(self.jail.name)
        if self._group is not None:
            self._group.remove()

    def _spawn(self) -> None:
        with ExitStack() as stack:
            info, told = os.pipe()
            stack.callback(os.close, info)
            ours = stack.enter_context(os.fdopen(told, "wb"))
            files = {}
            for name, content in _files(self.jail).items():
                files[name] = _memory(content)
                stack.callback(os.close, files[name])
            arguments = argv(self.jail, files, info=told)
            doors = [] if self._group is None else [str(one) for one in self._group.doors]
            self._process = subprocess.Popen(
                [
                    "/bin/sh",
                    "-c",
                    _ENTER,
                    "sh",
                    *doors,
                    "--",
                    *_rlimits(self.jail, self._group is not None),
                    *arguments,
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[told, *files.values()],
                env={"PATH": os.environ.get("PATH", "/usr/bin:/bin")},
            )
            ours.close()
            self._first = _first_process(info)
            if self.jail.egress is not None and self._first:
                self._ways_out.open(self.jail.name, self._first, self.jail.egress)
            assert self._process.stdin is not None
            with suppress(BrokenPipeError), self._process.stdin as begin:
                begin.write(b"\n")

    def _mind(self) -> None:
        """Hand on what it writes, and look at the clock and the disk, until nobody in it writes any more."""
        assert self._process is not None
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
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
                if _taken(self.jail.mounts) > limits.disk:
                    self._end_for("disk")
                looked = time.monotonic()
                pause = max(_LOOK_EVERY, 20 * (looked - now))  # looking takes a twentieth of the time at most
        status = self._process.wait()
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


TRIAL_USER = 61999
"""Who the trial runs as; apps and builds are given the numbers below it."""

_NEEDED = (("bwrap", "bubblewrap"), ("setpriv", "util-linux"))
"""Programs and the packages they come from."""


def argv(jail: Jail, files: Mapping[str, int], *, info: int) -> list[str]:
    """The command line of bubblewrap. ``files`` are descriptors of what ``_files`` made, by name."""
    words = [
        *("bwrap", "--die-with-parent", "--new-session", "--clearenv", "--hostname", "app"),
        *("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net", "--unshare-cgroup-try"),
        *("--info-fd", str(info), "--seccomp", str(files["seccomp"])),
    ]
    if jail.user is None:
        words += ["--unshare-user", "--disable-userns", "--uid", str(_INSIDE), "--gid", str(_INSIDE)]
    else:
        words += ["--cap-drop", "ALL"]
        words += [word for power in ("SETUID", "SETGID", "SETPCAP") for word in ("--cap-add", f"CAP_{power}")]
    for place in _folders(
        [sys.base_prefix, "/etc/passwd", f"{SOCKETS}/http.sock", *(mount.inside for mount in jail.mounts)]
    ):
        words += ["--perms", "0755", "--dir", place]
    words += [word for mount in _system() for word in mount]
    words += ["--proc", "/proc", "--dev", "/dev"]
    room = str(min(jail.limits.disk, jail.limits.memory))
    words += [word for place in ("/tmp", "/dev/shm") for word in ("--perms", "1777", "--size", room, "--tmpfs", place)]  # noqa: S108
    words += [
        word for name in _NAMES for word in ("--perms", "0644", "--ro-bind-data", str(files[name]), f"/etc/{name}")
    ]
    for mount in jail.mounts:
        words += ["--bind" if mount.writable else "--ro-bind", str(mount.outside), mount.inside]
    if jail.sockets is not None:
        words += ["--bind", str(jail.sockets), SOCKETS]
    for name, value in _environment(jail).items():
        words += ["--setenv", name, value]
    words += ["--remount-ro", "/", "--chdir", jail.folder, "--"]
    if jail.user is not None:
        user = str(jail.user)
        words += [
            "setpriv",
            "--reuid",
            user,
            "--regid",
            user,
            "--clear-groups",
            "--bounding-set=-all",
            "--inh-caps=-all",
        ]
        words += ["--"]
    return [*words, "/bin/sh", "-c", _BEGIN, "sh", *jail.command]


_INSIDE = 1000
"""Who the process is inside a user namespace."""
_NAMES = ("passwd", "group", "hosts", "nsswitch.conf", "resolv.conf")


def _system() -> Iterator[Sequence[str]]:
    """The machine's programs and libraries, and the interpreter that runs the platform, read-only."""
    yield ("--ro-bind", "/usr", "/usr")
    for name in _SYSTEM:
        path = Path("/") / name
        if path.is_symlink():
            yield ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield ("--ro-bind", str(path), str(path))
    for name in _ETC:
        yield ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    if not sys.base_prefix.startswith("/usr"):
        yield ("--ro-bind", sys.base_prefix, sys.base_prefix)


def _folders(places: Sequence[str]) -> list[str]:
    """The folders above some places, outer ones first: bubblewrap would make them for itself alone."""
    return sorted({str(parent) for place in places for parent in PurePosixPath(place).parents} - {"/", "/usr", "/tmp"})  # noqa: S108


def _files(jail: Jail) -> dict[str, bytes]:
    """What is handed over as bytes: the filter, and the names of users and hosts as the sandbox sees them."""
    user = _INSIDE if jail.user is None else jail.user
    return {
        "seccomp": seccomp.program(),
        "passwd": f"app:x:{user}:{user}::/tmp:/usr/sbin/nologin\n".encode(),
        "group": f"app:x:{user}:\n".encode(),
        "hosts": b"127.0.0.1 localhost app\n::1 localhost app\n",
        "nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files\n",
        "resolv.conf": b"",
    }


def _environment(jail: Jail) -> dict[str, str]:
    usual = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8"}  # noqa: S108
    return {**usual, **(WAY_OUT if jail.egress is not None else {}), **jail.environment}


def _rlimits(jail: Jail, grouped: bool) -> list[str]:
    """Open files, blocks of 512 bytes in a file, and without a group KiB of data and the user's processes."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = jail.limits.files if most == resource.RLIM_INFINITY else min(jail.limits.files, most)
    rest = (
        ("-", "-")
        if grouped
        else (str(jail.limits.memory // 1024), "-" if jail.user is None else str(jail.limits.processes))
    )
    return [str(files), str(max(1, jail.limits.disk // 512)), *rest]


def _memory(content: bytes) -> int:
    """A descriptor of a file in memory, at its beginning."""
    descriptor = os.memfd_create("greenlane")
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _first_process(info: int) -> int:
    """The id that bubblewrap tells; 0 when it ended before it could, and then it says why in its output."""
    told = b""
    while part := os.read(info, 4096):
        told += part
    return int(orjson.loads(told)["child-pid"]) if told else 0


def _taken(mounts: Sequence[Mount]) -> int:
    """Bytes on the disk in what a sandbox may write to. What disappears meanwhile counts nothing."""
    return sum(_size(mount.outside) for mount in mounts if mount.writable)


def _size(path: Path) -> int:
    total = 0
    waiting = [str(path)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
        except (FileNotFoundError, NotADirectoryError):
            continue
    return total
