"""Narrow what this process, and whatever it starts, may do: a second wall behind what a sandbox shows (landlock(7)).

Usage: ``landlock.py BOUNDS -- COMMAND …``, with bounds ``{"writable": [folders], "ports": [TCP ports] or null}`` as JSON.

Everything may be read and run that is to be seen, nothing written but in those folders and to devices; no device file is
made anywhere; no process and no abstract socket outside is signalled or reached; with ports given, no other TCP port is
opened or connected to. What an older kernel does not know is left out; without any of it nothing happens.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import stat
import struct
import sys
from collections.abc import Sequence

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""landlock_create_ruleset, landlock_add_rule and landlock_restrict_self, the same on every architecture."""
_NO_NEW_PRIVILEGES = 38
"""PR_SET_NO_NEW_PRIVS (linux/prctl.h)."""

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _MAKE_CHAR, _MAKE_BLOCK = (1 << bit for bit in (0, 1, 2, 3, 6, 11))
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
_READING = _EXECUTE | _READ_FILE | _READ_DIR
_DEVICES = _WRITE_FILE | _TRUNCATE | _IOCTL
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
"""LANDLOCK_ACCESS_FS_… (linux/landlock.h)."""
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights over files each version of the interface knows; from the fifth on all that are known here."""
_BIND, _CONNECT = 1, 2
_ABSTRACT_SOCKETS, _SIGNALS = 1, 2
_WITH_PORTS, _WITH_SCOPES = 4, 6
"""The versions from which on ports, and abstract sockets and signals, can be bounded."""

_LIBRARY = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """The version of landlock that this kernel speaks; 0 where it has none or was started without."""
    return max(0, int(_LIBRARY.syscall(_CREATE, None, 0, 1)))


def restrict(writable: Sequence[str], ports: Sequence[int] | None) -> int:
    """Bound this thread for good; call it before there are others. Returns ``abi()``. Raises OSError."""
    version = abi()
    if not version:
        return 0
    handled = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    bounded = _BIND | _CONNECT if version >= _WITH_PORTS and ports is not None else 0
    scopes = _ABSTRACT_SOCKETS | _SIGNALS if version >= _WITH_SCOPES else 0
    sizes = 8 * (1 + (version >= _WITH_PORTS) + (version >= _WITH_SCOPES))
    attributes = struct.pack("=QQQ", handled, bounded, scopes)[:sizes]
    rules = _call(_CREATE, attributes, sizes, 0)
    try:
        _beneath(rules, "/", handled & _READING)
        _beneath(rules, "/dev", handled & (_READING | _DEVICES))
        for place in writable:
            _beneath(rules, place, handled & ~(_MAKE_CHAR | _MAKE_BLOCK))
        for port in ports or () if bounded else ():
            _call(_ADD, rules, 2, struct.pack("=QQ", bounded, port), 0)
        _call_prctl(_NO_NEW_PRIVILEGES)
        _call(_RESTRICT, rules, 0)
    finally:
        os.close(rules)
    return version


def _beneath(rules: int, place: str, allowed: int) -> None:
    opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            allowed &= _OF_FILES
        _call(_ADD, rules, 1, struct.pack("=Qi", allowed, opened), 0)
    finally:
        os.close(opened)


def _call(*words: int | bytes) -> int:
    result = int(_LIBRARY.syscall(*words))
    if result < 0:
        raise OSError(ctypes.get_errno(), "landlock refused")
    return result


def _call_prctl(option: int) -> None:
    if _LIBRARY.prctl(option, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl refused")


def main(bounds: str, _: str, *command: str) -> None:
    """Bound this process and become the command."""
    told = json.loads(bounds)
    restrict(told["writable"], told["ports"])
    become(command)


def become(command: Sequence[str]) -> None:
    """Become a command, with the signals that Python ignores as they were."""
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored, signal.SIG_DFL)
    try:
        os.execvp(command[0], list(command))  # noqa: S606  the words are the app's own, and so is the sandbox
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(*sys.argv[1:])
