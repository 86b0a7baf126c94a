"""Put into a sandbox that was laid out for nobody what belongs to the one app that moves in.

The platform opens a detached copy of each place outside (``opened``), and hands the descriptors over. Whoever has come into
the sandbox and may still mount puts them where the app looks for them (``furnish``), before it gives that power up: a fifth
of a millisecond where bubblewrap, which reads the table of mounts again for each of them, takes ten.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Mapping, Sequence

_OPEN_TREE, _MOVE_MOUNT, _SET_ATTRIBUTES = 428, 429, 442
"""System calls by their numbers, which are the same on every machine (Linux, include/uapi/asm-generic/unistd.h)."""
_HERE, _NO_PATH, _WITH_BELOW = -100, 0x1000, 0x8000
"""AT_FDCWD, AT_EMPTY_PATH and AT_RECURSIVE (linux/fcntl.h)."""
_COPY, _CLOSED_IN_CHILDREN = 1, os.O_CLOEXEC
"""OPEN_TREE_CLONE and OPEN_TREE_CLOEXEC (linux/mount.h)."""
_FROM_DESCRIPTOR = 4
"""MOVE_MOUNT_F_EMPTY_PATH (linux/mount.h)."""
_READ_ONLY, _NO_SETUID, _NO_DEVICES = 1, 2, 4
"""MOUNT_ATTR_RDONLY, _NOSUID and _NODEV (linux/mount.h); MS_NOSUID and MS_NODEV are the same."""
_PRIVATE = 1 << 18
"""MS_PRIVATE (linux/mount.h): nothing that is mounted outside appears inside."""
_MOUNT_AGAIN = 32
"""MS_REMOUNT (linux/mount.h)."""
_LIBRARY = ctypes.CDLL(None, use_errno=True)


def possible() -> bool:
    """Whether this kernel can (Linux 5.12 and later). A call that names nothing is refused, and not unknown."""
    ctypes.set_errno(0)
    _LIBRARY.syscall(_SET_ATTRIBUTES, -1, b"", _NO_PATH, None, 0)
    return ctypes.get_errno() != errno.ENOSYS


def opened(outside: str, *, writable: bool) -> int:
    """A descriptor of a copy of a place with all that is mounted below it, attached nowhere. Raises OSError."""
    tree = _call(_OPEN_TREE, _HERE, os.fsencode(outside), _COPY | _CLOSED_IN_CHILDREN | _WITH_BELOW)
    try:
        given = _NO_SETUID | _NO_DEVICES | (0 if writable else _READ_ONLY)
        _set(tree, b"", _NO_PATH | _WITH_BELOW, given=given, propagation=_PRIVATE)
    except OSError:
        os.close(tree)
        raise
    return tree


def furnish(
    places: Sequence[tuple[str, bool]], trees: Sequence[int], written: Mapping[str, str], own: Sequence[str], room: int
) -> None:
    """Write files into the sandbox's root, put the trees into their places (and whether each is a folder), and bound what it
    has in memory for itself to ``room`` bytes. The root can be written to meanwhile and not afterwards. Raises OSError.
    """
    _set(_HERE, b"/", 0, taken=_READ_ONLY)
    for path, text in written.items():
        _above(path)
        with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123  pathlib is no quicker
            file.write(text)
    for (place, folder), tree in zip(places, trees, strict=True):
        _make(place, folder=folder)
        _call(_MOVE_MOUNT, tree, b"", _HERE, os.fsencode(place), _FROM_DESCRIPTOR)
    for place in own:
        flags = _MOUNT_AGAIN | _NO_SETUID | _NO_DEVICES
        if _LIBRARY.mount(b"tmpfs", os.fsencode(place), b"tmpfs", flags, b"size=%d" % room) != 0:
            raise OSError(ctypes.get_errno(), f"{place} could not be bounded")
    _set(_HERE, b"/", 0, given=_READ_ONLY)


def _make(place: str, *, folder: bool) -> None:
    if os.path.lexists(place):
        return
    if folder:
        os.makedirs(place)  # noqa: PTH103  speed
        return
    _above(place)
    os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))


def _above(place: str) -> None:
    os.makedirs(os.path.dirname(place), exist_ok=True)  # noqa: PTH103, PTH120  speed


def _set(where: int, path: bytes, flags: int, *, given: int = 0, taken: int = 0, propagation: int = 0) -> None:
    attributes = struct.pack("=4Q", given, taken, propagation, 0)  # struct mount_attr (linux/mount.h)
    _call(_SET_ATTRIBUTES, where, path, flags, attributes, len(attributes))


def _call(number: int, *words: int | bytes) -> int:
    result = int(_LIBRARY.syscall(number, *words))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
