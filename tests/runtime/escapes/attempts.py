"""What an app tries: each attempt says what it got hold of, or fails. Run inside a sandbox; told what lies outside.

An attempt that returns something true has escaped. What it is given: ``paths`` of files and sockets that exist outside,
``ports`` that listen outside, ``pids`` that run outside, an ``abstract`` socket's name, a shared memory's ``key``.
"""

# Attempts go the way that attackers go, by the system's own calls.
# ruff: noqa: PTH115, PTH123, PTH208, PTH211, SIM115

from __future__ import annotations

import ctypes
import fcntl
import json
import mmap
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Attempt = Callable[[], Any]
LIBRARY = ctypes.CDLL(None, use_errno=True)


def call(*words: Any) -> bool:
    return LIBRARY.syscall(*words) >= 0


def reading(path: str) -> Attempt:
    return lambda: Path(path).read_bytes()


def writing(path: str) -> Attempt:
    def attempt() -> bool:
        with open(path, "ab") as file:
            file.write(b"x")
        return True

    return attempt


def listing(path: str) -> Attempt:
    return lambda: os.listdir(path)


def joining(family: int, kind: int, address: Any) -> Attempt:
    def attempt() -> bool:
        with socket.socket(family, kind) as one:
            one.settimeout(1)
            one.connect(address)
            if kind == socket.SOCK_DGRAM:
                one.send(b"x")
            return True

    return attempt


def files(outside: dict[str, Any]) -> Iterator[tuple[str, Attempt]]:
    for path in outside["paths"]:
        yield f"read {path}", reading(path)
        yield f"read {path} by the first process", reading(f"/proc/1/root{path}")
        yield f"read {path} from its parents", reading(f"/proc/self/root/../../..{path}")
        yield f"write {path}", writing(path)
    for path in (
        "/etc/shadow",
        "/etc/gshadow",
        "/etc/machine-id",
        "/etc/hostname",
        "/var/lib/dpkg/status",
        "/boot",
        "/home",
    ):
        yield f"open {path}", lambda path=path: os.listdir(path) if Path(path).is_dir() else Path(path).read_bytes()
    for path in (
        "/usr/bin/escaped",
        "/usr/lib/escaped",
        "/app/escaped",
        "/opt/escaped",
        "/escaped",
        "/etc/passwd",
        "/dev/x",
    ):
        yield f"write {path}", writing(path)
    yield "write through a link in tmp", lambda: (os.symlink("/app", "/tmp/l"), writing("/tmp/l/escaped")())[1]
    yield "make a device", lambda: os.mknod("/tmp/disk", 0o60600, os.makedev(254, 0)) is None
    yield "make memory's device", lambda: os.mknod("/tmp/mem", 0o20600, os.makedev(1, 1)) is None
    yield "own a file of root", lambda: os.chown("/tmp", 0, 0) is None
    yield "make a program of root", lambda: suid("/usr/bin/su")
    yield "change the root folder", lambda: os.chroot("/tmp") is None
    yield "open by handle", lambda: call(304, -100, 0, 0) if os.uname().machine == "x86_64" else False


def suid(program: str) -> bool:
    child = os.fork()
    if child == 0:
        devnull = os.open("/dev/null", os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(devnull, number)
        os.execv(program, [program, "-c", "true"])
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def processes(outside: dict[str, Any]) -> Iterator[tuple[str, Attempt]]:
    for pid in outside["pids"]:
        yield f"signal {pid}", lambda pid=pid: os.kill(pid, 0) is None
        yield f"environment of {pid}", reading(f"/proc/{pid}/environ")
        yield f"memory of {pid}", lambda pid=pid: open(f"/proc/{pid}/mem", "rb").read(1)
        yield f"files of {pid}", listing(f"/proc/{pid}/fd")
        yield f"root of {pid}", listing(f"/proc/{pid}/root")
        yield f"trace {pid}", lambda pid=pid: LIBRARY.ptrace(16, pid, 0, 0) == 0
        yield f"limits of {pid}", lambda pid=pid: resource.prlimit(pid, resource.RLIMIT_NOFILE)
    yield "kill everybody", lambda: os.kill(-1, signal.SIGCONT) is None and len(os.listdir("/proc")) < 0
    yield "trace the first process", lambda: LIBRARY.ptrace(16, 1, 0, 0) == 0
    yield "environment of the first process", reading("/proc/1/environ")
    yield "memory of the first process", lambda: open("/proc/1/mem", "rb").read(1)
    yield "files of the first process", listing("/proc/1/fd")
    for pid in sorted(int(one) for one in os.listdir("/proc") if one.isdigit()):
        if pid != os.getpid():
            yield f"trace its neighbour {pid}", lambda pid=pid: LIBRARY.ptrace(16, pid, 0, 0) == 0
            yield f"memory of its neighbour {pid}", lambda pid=pid: open(f"/proc/{pid}/mem", "rb").read(1)
            yield f"what its neighbour {pid} left open", lambda pid=pid: beyond(f"/proc/{pid}/fd")
    yield "change the program that it runs", writing("/proc/self/exe")
    yield "walk from the program that it runs", lambda: os.listdir("/proc/self/exe/../..")
    yield "walk from where it is", lambda: beyond("/proc/self/cwd/../../../../../..")
    yield (
        "what is mapped from elsewhere",
        lambda: [
            one for one in open("/proc/self/maps") if "/" in one and not Path(one.split(maxsplit=5)[5].strip()).exists()
        ],
    )
    yield "variables of whoever started it", lambda: b"GREENLANE_TOKEN" in Path("/proc/self/environ").read_bytes()
    yield (
        "namespaces of whoever started it",
        lambda: [
            one for one in os.listdir("/proc/self/ns") if os.readlink(f"/proc/self/ns/{one}") in outside["namespaces"]
        ],
    )
    yield "have a parent outside", lambda: os.getppid() not in (0, 1) and Path(f"/proc/{os.getppid()}").exists() < 1
    yield "be root", lambda: os.setuid(0) is None
    yield "be root's group", lambda: os.setgid(0) is None
    yield "have root's groups", lambda: os.setgroups([0]) is None
    yield "be another app", lambda: os.setuid(os.getuid() + 1) is None
    yield "be more urgent", lambda: os.nice(-5) < 0
    yield "raise a hard limit", lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (10**6, 10**6)) is None
    for door in ("cgroup.procs", "tasks"):
        ways = list(Path("/sys/fs/cgroup").rglob(door))
        yield f"leave the group by {door}", lambda ways=ways: any(writing(str(one))() for one in ways)
    yield "more than standard files are open", lambda: [n for n in range(3, 100) if opened(n)]


def beyond(folder: str) -> list[str]:
    """What is in a folder that should not be: more than the sandbox's own, or anything that another left open."""
    known = {
        "app",
        "bin",
        "data",
        "dev",
        "etc",
        "lib",
        "lib32",
        "lib64",
        "libx32",
        "opt",
        "proc",
        "root",
        "run",
        "sbin",
    }
    return [one for one in os.listdir(folder) if one not in known | {"tmp", "usr"}]


def opened(number: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{number}")
    except OSError:
        return ""


def network(outside: dict[str, Any]) -> Iterator[tuple[str, Attempt]]:
    for port in outside["ports"]:
        for address in ("127.0.0.1", "0.0.0.0", *outside["addresses"]):
            yield f"{address}:{port}", joining(socket.AF_INET, socket.SOCK_STREAM, (address, port))
        yield f"[::1]:{port}", joining(socket.AF_INET6, socket.SOCK_STREAM, ("::1", port))
    for address in ("169.254.169.254", "10.0.0.1", "192.168.0.1", "172.17.0.1", "1.1.1.1", "8.8.8.8"):
        yield f"{address}:80", joining(socket.AF_INET, socket.SOCK_STREAM, (address, 80))
        yield f"{address}:53 by datagram", joining(socket.AF_INET, socket.SOCK_DGRAM, (address, 53))
    yield "a name", lambda: socket.getaddrinfo("example.com", 443)
    yield "raw packets", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
    yield "packets of the link", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    yield "the machine's own channel", lambda: socket.socket(40, socket.SOCK_STREAM)
    yield "a device of its own", add_device
    for path in outside["sockets"]:
        yield f"socket {path}", joining(socket.AF_UNIX, socket.SOCK_STREAM, path)
        yield f"socket {path} by the first process", joining(socket.AF_UNIX, socket.SOCK_STREAM, f"/proc/1/root{path}")
    yield "an abstract socket", joining(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + outside["abstract"])


def add_device() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        fcntl.ioctl(one, 0x8914, struct.pack("16sH14s", b"lo", 0, b""))  # SIOCSIFFLAGS: take the loopback down
    return True


def kernel(outside: dict[str, Any]) -> Iterator[tuple[str, Attempt]]:
    for name, number in outside["refused"].items():
        yield name, lambda number=number: call(number, 0, 0, 0, 0, 0, 0)
    yield "a user namespace by clone", lambda: clone(0x10000000)
    yield "a mount namespace by clone", lambda: clone(0x00020000)
    yield "a network namespace by clone", lambda: clone(0x40000000)
    for path in (
        "/proc/sys/kernel/hostname",
        "/proc/sysrq-trigger",
        "/proc/sys/vm/drop_caches",
        "/proc/sys/kernel/core_pattern",
    ):
        yield f"write {path}", writing(path)
    for path in ("/proc/kcore", "/proc/kmsg", "/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda", "/dev/fuse", "/dev/kvm"):
        yield f"read {path}", lambda path=path: open(path, "rb").read(1)
    yield "modules", listing("/sys/module")
    yield "another's shared memory", lambda: LIBRARY.shmget(outside["key"], 0, 0) >= 0
    yield "another's queue", lambda: LIBRARY.msgget(outside["key"], 0) >= 0
    yield "type into a terminal", lambda: fcntl.ioctl(0, 0x5412, b"x") == 0
    yield "memory at zero", mapped_at_zero
    yield "lock all memory", lambda: LIBRARY.mlockall(3) == 0 and mmap.mmap(-1, 1 << 32)


def clone(flag: int) -> bool:
    number = 56 if os.uname().machine == "x86_64" else 220
    child = LIBRARY.syscall(number, flag | signal.SIGCHLD, 0, 0, 0, 0)
    if child == 0:
        os._exit(0)
    if child > 0:
        os.waitpid(child, 0)
    return child > 0


def mapped_at_zero() -> bool:
    LIBRARY.mmap.restype = ctypes.c_long
    return LIBRARY.mmap(ctypes.c_void_p(0), 4096, 3, 0x32, -1, 0) == 0


TIERS = {"files": files, "processes": processes, "network": network, "kernel": kernel}


def main() -> None:
    outside = json.loads(sys.argv[1])
    told: dict[str, dict[str, str]] = {}
    for tier, attempts in TIERS.items():
        told[tier] = {}
        for name, attempt in attempts(outside):
            try:
                got = attempt()
            except Exception as error:  # noqa: BLE001  however it fails, it has failed
                told[tier][name] = f"refused: {type(error).__name__}"
            else:
                told[tier][name] = f"ESCAPED: {got!r:.200}" if got else "refused"
    print(json.dumps(told))


if __name__ == "__main__":
    main()
