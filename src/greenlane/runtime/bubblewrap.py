"""What bubblewrap is told: the view that a sandbox has of the machine, as a command line. Pure but for looking at what there is."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from greenlane.runtime.inside import landlock
from greenlane.runtime.jail import SOCKETS, Jail, Mount
from greenlane.runtime.way_out import WAY_OUT

NEEDED = (("bwrap", "bubblewrap"), ("setpriv", "util-linux"))
"""Programs and the packages they come from."""
NOBODY = 61999
"""Who the trial runs as: a user that owns nothing. Apps and builds are given the numbers below it."""
INSIDE = 1000
"""Who the process is inside a user namespace."""
PROGRAMS = Path(__file__).parent / "inside"
"""The platform's own programs that are put into sandboxes."""
LANDLOCK = "/opt/greenlane/landlock.py"
"""Where a sandbox finds the program that narrows what its command may do."""

_SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC = ("ssl", "ca-certificates", "pki", "alternatives")
_ETC_FILES = ("ld.so.cache", "mime.types", "localtime")
"""What programs read of the machine's settings, folders and files; names of users and hosts are the sandbox's own."""

_BEGIN = 'echo >&0; read -r begin && exec "$@" </dev/null'
"""What runs last before the command: say that all is laid out, and wait for the word of whoever started this. Should they
have died meanwhile, there is none, and nothing is left behind: bubblewrap itself notices only a death that comes after it
has begun to look.
"""
HOLDING = ("/bin/sh", "-c", "read -r end")
"""What runs instead of a command that another process brings: keep all that is laid out until nobody listens."""


@dataclass(frozen=True, slots=True)
class Files:
    """What is handed to bubblewrap as descriptors: the filter, ``content`` by the paths inside, and one that what it made
    is written to.
    """

    filter: int
    info: int
    content: Mapping[str, int]


def options(jail: Jail, files: Files) -> list[str]:
    """How a sandbox is laid out for its app. bubblewrap reads the whole table of mounts again for each bind, so what is small
    and never changes is written into the sandbox's own root instead, which is read-only in the end.
    """
    words = _apart(files)
    if jail.user is None:
        words += ["--unshare-user", "--disable-userns", "--uid", str(INSIDE), "--gid", str(INSIDE)]
    else:
        words += ["--cap-drop", "ALL", *_powers("SETUID", "SETGID", "SETPCAP")]
    mounts = brought(jail)
    words += _view(files, (mount.inside for mount in mounts), ("--size", str(room(jail))))
    for mount in mounts:
        words += ["--bind" if mount.writable else "--ro-bind", str(mount.outside), mount.inside]
    for name, value in environment(jail).items():
        words += ["--setenv", name, value]
    return [*words, "--remount-ro", "/", "--chdir", jail.folder]


def empty(files: Files, laid_out: int) -> list[str]:
    """How a sandbox is laid out for nobody yet: what is one app's own is brought later (``inside/furnishing.py``). What holds
    the place has no power from the beginning, for what bubblewrap took away cannot be gained again (PR_SET_NO_NEW_PRIVS).
    It reads and closes ``laid_out`` when all is laid out and its powers are gone.
    """
    words = [*_apart(files), "--cap-drop", "ALL", "--block-fd", str(laid_out)]
    return [*words, *_view(files, (), ()), "--remount-ro", "/"]


def _apart(files: Files) -> list[str]:
    """In namespaces of its own, behind the filter."""
    return [
        *("--die-with-parent", "--new-session", "--clearenv", "--hostname", "app"),
        *("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net", "--unshare-cgroup-try"),
        *("--info-fd", str(files.info), "--seccomp", str(files.filter)),
    ]


def _view(files: Files, places: Iterable[str], size: Sequence[str]) -> list[str]:
    """What every sandbox sees, with the folders above some places."""
    words = [*_folders([sys.base_prefix, "/etc/passwd", f"{SOCKETS}/http.sock", *places]), *_system()]
    words += ["--proc", "/proc", "--dev", "/dev"]
    for place in OWN:
        words += ["--perms", "1777", *size, "--tmpfs", place]
    for inside, one in files.content.items():
        words += ["--perms", "0644", "--file", str(one), inside]
    return words


def command(jail: Jail) -> list[str]:
    """What runs in it: the command under no power at all and behind landlock."""
    words = [] if jail.user is None else ["setpriv", *_as_user(jail.user), "--"]
    return [*words, "/bin/sh", "-c", _BEGIN, "sh", *narrowed(jail), *jail.command]


def narrowed(jail: Jail) -> list[str]:
    """The words before a command that put it behind landlock; none where the kernel has none."""
    if not landlock.abi():
        return []
    return [interpreter(), "-I", "-S", LANDLOCK, json.dumps(bounds(jail)), "--"]


def bounds(jail: Jail) -> dict[str, Any]:
    """What landlock lets it do: the folders it writes to, and the TCP ports (None: any)."""
    writable = [*OWN, *(mount.inside for mount in jail.mounts if mount.writable)]
    return {"writable": [*writable, *([SOCKETS] if jail.sockets else [])], "ports": jail.ports}


def nursery(packages: Path, programs: Iterable[str]) -> list[str]:
    """The whole command line of what starts apps quickly (``inside/zygote.py``): it sees the machine's programs and the
    platform's packages and nothing else, and keeps the powers that entering a sandbox takes.
    """
    mounts = [(f"/opt/greenlane/{name}", PROGRAMS / name) for name in programs]
    mounts += [(f"/etc/{name}", Path("/etc") / name) for name in _ETC_FILES if Path("/etc", name).is_file()]
    words = ["bwrap", "--die-with-parent", "--new-session", "--clearenv", "--setenv", "LANG", "C.UTF-8"]
    words += ["--unshare-ipc", "--unshare-uts", "--unshare-net", "--cap-drop", "ALL"]
    words += _powers("SYS_ADMIN", "SYS_CHROOT", "SETUID", "SETGID", "SETPCAP")
    words += [*_folders([sys.base_prefix, "/etc/localtime", "/opt/greenlane/packages"]), *_system()]
    words += ["--dev", "/dev"]
    for inside, outside in (*mounts, ("/opt/greenlane/packages", packages)):
        words += ["--ro-bind", str(outside), inside]
    return [*words, "--remount-ro", "/", "--", interpreter(), "-I", "-S", "-B", "-u", "/opt/greenlane/zygote.py"]


def interpreter() -> str:
    """The interpreter that apps run in: the one that the platform's environment was made from."""
    return f"{sys.base_prefix}/bin/python{sys.version_info.major}.{sys.version_info.minor}"


def usual() -> dict[str, bytes]:
    """Files that every sandbox has, by their places inside: names of hosts, and settings of the machine as they are now."""
    found = {
        "/etc/hosts": b"127.0.0.1 localhost app\n::1 localhost app\n",
        "/etc/nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files\n",
        "/etc/resolv.conf": b"",
    }
    settings = {f"/etc/{name}": Path("/etc") / name for name in _ETC_FILES}
    return found | {inside: one.read_bytes() for inside, one in settings.items() if one.is_file()}


def written(jail: Jail) -> dict[str, bytes]:
    """Files that one app's sandbox has beside those: names of users, and the platform's own programs."""
    user = INSIDE if jail.user is None else jail.user
    found = {
        "/etc/passwd": f"app:x:{user}:{user}::/tmp:/usr/sbin/nologin\n".encode(),
        "/etc/group": f"app:x:{user}:\n".encode(),
    }
    return found | {one.inside: one.outside.read_bytes() for one in _mounts(jail) if _is_program(one)}


def brought(jail: Jail) -> list[Mount]:
    """What it sees of places outside."""
    sockets = [] if jail.sockets is None else [Mount(SOCKETS, jail.sockets, writable=True)]
    return [*(one for one in _mounts(jail) if not _is_program(one)), *sockets]


def room(jail: Jail) -> int:
    """Bytes that it has in memory for itself, in each of ``OWN``."""
    return min(jail.limits.disk, jail.limits.memory)


def environment(jail: Jail) -> dict[str, str]:
    """The variables that it finds."""
    always = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "TMPDIR": "/tmp", "LANG": "C.UTF-8"}  # noqa: S108  those of the sandbox
    return {**always, **(WAY_OUT if jail.egress is not None else {}), **jail.environment}


def rlimits(jail: Jail, *, grouped: bool) -> dict[str, int]:
    """Limits of each process by their names (getrlimit(2)); without a group also those of memory and of processes."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = jail.limits.files if most == resource.RLIM_INFINITY else min(jail.limits.files, most)
    found = {"CORE": 0, "NOFILE": files, "FSIZE": max(1, jail.limits.disk // 512) * 512}
    if not grouped:
        found["DATA"] = jail.limits.memory + jail.reserved
        if jail.user is not None:
            found["NPROC"] = jail.limits.processes
    return found


OWN = ("/tmp", "/dev/shm")  # noqa: S108  those of the sandbox
"""What every sandbox has in memory for itself."""


def _mounts(jail: Jail) -> tuple[Mount, ...]:
    return (*jail.mounts, Mount(LANDLOCK, PROGRAMS / "landlock.py"))


def _is_program(mount: Mount) -> bool:
    return mount.outside.parent == PROGRAMS and mount.outside.is_file() and not mount.writable


def _powers(*names: str) -> list[str]:
    return [word for name in names for word in ("--cap-add", f"CAP_{name}")]


def _as_user(user: int) -> list[str]:
    return ["--reuid", str(user), "--regid", str(user), "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]


def _system() -> list[str]:
    """The machine's programs and libraries, and the interpreter that runs the platform, read-only."""
    words = ["--ro-bind", "/usr", "/usr"]
    for name in _SYSTEM:
        path = Path("/") / name
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            words += ["--ro-bind", str(path), str(path)]
    for name in _ETC:
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    if not sys.base_prefix.startswith("/usr"):
        words += ["--ro-bind", sys.base_prefix, sys.base_prefix]
    return words


def _folders(places: Sequence[str]) -> list[str]:
    """The folders above some places, outer ones first: bubblewrap would make them for itself alone."""
    found = {str(parent) for place in places for parent in PurePosixPath(place).parents} - {"/", "/usr", *OWN}
    return [word for place in sorted(found) for word in ("--perms", "0755", "--dir", place)]
