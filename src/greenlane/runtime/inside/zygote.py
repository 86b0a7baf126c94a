"""Start apps quickly: import what they need once, and for each of them fork a process that enters its sandbox.

bubblewrap lays a sandbox out and holds its place with a process that does nothing. The child that is forked here comes
into the same groups and namespaces, gives every power up, becomes the sandbox's user, goes behind landlock and the
system-call filter, looks at itself whether all of that is so, and only then runs the app. Nothing of any app runs before,
in it or anywhere in its sandbox. This process itself sees the machine's programs and the platform's own packages.

It hears messages on its standard input, each with descriptors: an order as JSON in a file, where the child writes to, a
gate, the namespaces (pid first), the doors of groups, what the app sees of places outside. A byte from the gate says that
the sandbox is laid out; it comes into its groups meanwhile, which takes the kernel as long. It answers ``{"began": pid}`` or ``{"failed": why}`` to each in turn, and
tells ``{"ended": pid, "status": status}`` of every child. It ends when nobody listens any more.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
import traceback
from contextlib import suppress
from typing import Any

HOME = "/opt/greenlane"
NAMESPACES = 6
"""How many an order brings: pid, mnt, net, ipc, uts, cgroup."""
MOST = 250
"""Descriptors of one message at most; Linux allows 253 (``SCM_MAX_FD``)."""
_SET_DEATH_SIGNAL, _SET_DUMPABLE, _DROP_BOUNDING, _SET_SECCOMP, _NO_NEW_PRIVILEGES, _AMBIENT = 1, 4, 24, 22, 38, 47
"""PR_… (linux/prctl.h)."""
_CLEAR_AMBIENT, _FILTER = 4, 2
_CAPABILITIES_V3 = 0x20080522
"""_LINUX_CAPABILITY_VERSION_3 (linux/capability.h)."""
_LIBRARY = ctypes.CDLL(None, use_errno=True)

IMPORTED = (
    *("asyncio", "base64", "collections.abc", "concurrent.futures.thread", "contextvars", "copy", "csv", "dataclasses"),
    *(
        "datetime",
        "decimal",
        "difflib",
        "email.message",
        "email.parser",
        "email.utils",
        "enum",
        "fractions",
        "functools",
    ),
    *("gzip", "hashlib", "hmac", "html", "http.client", "http.cookies", "http.server", "importlib.metadata", "inspect"),
    *("io", "ipaddress", "itertools", "json", "logging.config", "mimetypes", "multiprocessing", "numbers", "pathlib"),
    *("pickle", "pprint", "queue", "random", "re", "secrets", "shutil", "socketserver", "sqlite3", "ssl", "statistics"),
    *("string", "subprocess", "tempfile", "textwrap", "threading", "time", "types", "typing", "unittest.mock"),
    *("urllib.parse", "urllib.request", "uuid", "warnings", "weakref", "xml.etree.ElementTree", "zipfile", "zoneinfo"),
)
"""Of Python's own library, what frameworks for the web import."""
SERVING = (
    *("uvicorn", "uvicorn.lifespan.on", "uvicorn.protocols.http.httptools_impl", "uvicorn.protocols.http.auto"),
    *("uvicorn.protocols.websockets.auto", "uvicorn.protocols.websockets.websockets_sansio_impl", "uvicorn.loops.auto"),
    *("uvicorn.protocols.http.h11_impl", "uvicorn.loops.asyncio", "a2wsgi"),
)
"""Of the platform's packages, what ``start.py`` serves with."""


class Born(Exception):
    """We are the child, in its sandbox. It carries the order."""

    def __init__(self, order: dict[str, Any]) -> None:
        super().__init__()
        self.order = order


def main() -> None:
    """Import, then answer orders; in a child, run the app."""
    sys.path.insert(0, HOME)
    for name in ("landlock", "furnishing"):
        importlib.import_module(name)
    start: Any = importlib.import_module("start")
    sys.path[:] = [*sys.path[1:], start.SERVER]
    before = frozenset(sys.modules)
    for name in (*IMPORTED, *SERVING):
        importlib.import_module(name)
    start.EARLY = frozenset(sys.modules) - before
    sys.path.remove(start.SERVER)
    gc.collect()
    gc.freeze()  # what is here stays, and is not written to by looking for garbage: its memory is shared by all children
    try:
        _answer(socket.socket(fileno=0))
        return
    except Born as born:
        order = born.order
    gc.enable()
    if not order["imported"]:
        sys.modules["landlock"].become(order["command"])
    # From here on it is as if start.py had been run: multiprocessing finds it again by its name and file.
    start.__name__, start.__spec__ = "__main__", None
    sys.modules["__main__"] = start
    sys.argv[:] = [start.__file__, *order["imported"]]
    start.main(*order["imported"])


def _answer(channel: socket.socket) -> None:
    """Answer until nobody listens. Raises ``Born`` in every child."""
    _, (own, *_), _, _ = socket.recv_fds(channel, 1, MOST)
    waking, woken = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken)
    looking = select.poll()
    looking.register(channel, select.POLLIN)
    looking.register(waking, select.POLLIN)
    channel.send(b"{}")
    while True:
        ready = dict(looking.poll())
        if waking in ready:
            os.read(waking, 4096)
            _reap(channel)
        if channel.fileno() in ready:
            message, descriptors, _, _ = socket.recv_fds(channel, 1, MOST)
            if not message:
                return
            answer = _fork(descriptors, own)
            for one in descriptors:
                os.close(one)
            channel.send(json.dumps(answer).encode())


def _reap(channel: socket.socket) -> None:
    with suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            status = os.waitstatus_to_exitcode(found[1])
            told = {"ended": found[0], "status": status if status >= 0 else 128 - status}
            channel.send(json.dumps(told).encode())


def _fork(descriptors: list[int], own: int) -> dict[str, Any]:
    """A child in the order's namespace of processes. Raises ``Born`` in the child, once it has moved in.

    The order holds an app's secrets. It is read in the child alone: whatever this process reads, later children inherit.
    """
    try:
        order, output, gate, processes, *rest = descriptors
        _enter(processes)
    except (OSError, ValueError) as error:
        return {"failed": str(error)}
    try:
        child = os.fork()
    except OSError as error:
        _enter(own)
        return {"failed": str(error)}
    if child == 0:
        try:
            os.dup2(output, 1)
            os.dup2(output, 2)
            told = json.loads(os.pread(order, os.fstat(order).st_size, 0))
            _move_in(told, gate, rest[: NAMESPACES - 1], rest[NAMESPACES - 1 :])
        except BaseException:  # noqa: BLE001  whatever went wrong, nothing may run
            os.write(2, f"It could not enter its sandbox.\n{traceback.format_exc()}".encode())
            os._exit(1)
        raise Born(told)
    _enter(own)
    return {"began": child}


def _move_in(told: dict[str, Any], gate: int, spaces: list[int], more: list[int]) -> None:
    """Come into groups and namespaces, bring what is the app's own, and give up everything. Raises OSError, or RuntimeError
    when something is left.
    """
    doors, trees = more[: told["doors"]], more[told["doors"] :]
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for door in doors:
        os.write(door, b"0")
    if not os.read(gate, 1):
        os._exit(1)  # there is no sandbox; bubblewrap has said why
    for space in spaces:
        _enter(space)
    os.umask(0o022)
    sys.modules["furnishing"].furnish(told["places"], trees, told["written"], told["own"], told["room"])
    for name, most in told["limits"].items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    _give_up(told["user"])
    os.chdir(told["folder"])
    sys.modules["landlock"].restrict(told["bounds"]["writable"], told["bounds"]["ports"])
    _filter(bytes.fromhex(told["seccomp"]))
    look(told["user"])
    os.environ.clear()
    os.environ.update(told["environment"])
    time.tzset()


def _give_up(user: int) -> None:
    """Every power, and root with it; the kernel kills this process when the one that forked it is gone."""
    for power in range(64):
        if _LIBRARY.prctl(_DROP_BOUNDING, power, 0, 0, 0) != 0:
            break  # there are no more; ``look`` sees whether it was so
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    _prctl(_AMBIENT, _CLEAR_AMBIENT)
    nothing = struct.pack("=6I", 0, 0, 0, 0, 0, 0)
    if _LIBRARY.capset(struct.pack("=Ii", _CAPABILITIES_V3, 0), nothing) != 0:
        raise OSError(ctypes.get_errno(), "powers could not be given up")
    _prctl(_NO_NEW_PRIVILEGES, 1)
    _prctl(_SET_DUMPABLE, 1)  # changing the user took it: a process without it cannot look at itself in /proc
    _prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)


def _filter(program: bytes) -> None:
    kept = ctypes.create_string_buffer(program, len(program))
    pointed = struct.pack("=H6xQ", len(program) // 8, ctypes.addressof(kept))  # struct sock_fprog (linux/filter.h)
    _prctl(_SET_SECCOMP, _FILTER, pointed)


def look(user: int) -> None:
    """Whether the kernel agrees that nothing is left. Raises RuntimeError where something is."""
    with open("/proc/self/status") as file:  # noqa: PTH123  pathlib is no quicker
        said = {name: value.strip() for name, _, value in (line.partition(":") for line in file)}
    wanted = dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), "0" * 16)
    wanted |= {"Uid": "\t".join([str(user)] * 4), "Gid": "\t".join([str(user)] * 4), "NoNewPrivs": "1", "Seccomp": "2"}
    left = {name: said.get(name) for name, value in wanted.items() if said.get(name) != value}
    if left or said["Groups"]:
        raise RuntimeError(f"something is left: {left}, groups {said['Groups']!r}")


def _enter(space: int) -> None:
    if _LIBRARY.setns(space, 0) != 0:
        raise OSError(ctypes.get_errno(), "a namespace could not be entered")


def _prctl(option: int, value: int, more: int | bytes = 0) -> None:
    if _LIBRARY.prctl(option, value, more, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option} was refused")


if __name__ == "__main__":
    main()
