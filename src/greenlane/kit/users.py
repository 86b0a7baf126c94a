"""Processes of one command that cannot read each other's files, where the platform allows it: Linux, started as root.

A process with a key of its own becomes a user of its own. The others stay user 0, so that they find the interpreter and
the data wherever root put them, but give up every power of root (capabilities(7)): they read what belongs to user 0 and
nothing else, whatever program they start. That keeps a key from them. It is no cage: user 0 owns the machine's own
files, so where that matters more, start everything as another user.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

FOR_OTHERS = (0, 1, 3, 5, 6, 7, 8, 12, 18, 21)
"""What it takes to lay out namespaces for programs of other users, and to start, limit and end them: CAP_CHOWN,
CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_SETPCAP, CAP_NET_ADMIN (the loopback device of a new
network), CAP_SYS_CHROOT, CAP_SYS_ADMIN (linux/capability.h)."""
_READ_BOUND, _DROP_BOUND, _NO_NEW_PRIVILEGES = 23, 24, 38
"""PR_CAPBSET_READ, PR_CAPBSET_DROP and PR_SET_NO_NEW_PRIVS (linux/prctl.h)."""
_VERSION_3 = 0x20080522
"""_LINUX_CAPABILITY_VERSION_3 (linux/capability.h): two words for each of the three sets."""


def become(user: int, folder: Path) -> None:
    """Be that user from now on, the owner of ``folder`` and its files, with no way back. OSError when it may not be."""
    for path in (folder, *folder.iterdir()):
        os.chown(path, user, user, follow_symlinks=False)
    _be(user)


def give_up_powers(*, keep: tuple[int, ...] = ()) -> None:
    """Keep none of root's powers but those named that are there at all, for good and for whatever is started from here. Before any thread.

    OSError when the platform does not let go of them.
    """
    library = ctypes.CDLL(None, use_errno=True)
    for power in range(64):
        bound = library.prctl(_READ_BOUND, power, 0, 0, 0) == 1
        if bound and power not in keep and library.prctl(_DROP_BOUND, power, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), f"the power {power} stays")
    kept = sum(1 << power for power in keep if library.prctl(_READ_BOUND, power, 0, 0, 0) == 1)
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)  # effective, permitted, inheritable; low words, then high ones
    if library.capset(ctypes.byref(header), ctypes.byref(sets)) != 0:
        raise OSError(ctypes.get_errno(), "the powers of root stay")
    library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)


def can_be_apart(
    users: Iterable[int], writes: Sequence[Path], reads: Sequence[Path], works: Callable[[], bool]
) -> bool:
    """Whether processes can be kept apart here: tried out in forks, which give up their powers and look.

    ``writes`` and ``reads`` must stay usable without root's powers, ``works`` is whatever else must go on working.
    """
    if os.getuid() != 0:
        return False

    def useful() -> bool:
        give_up_powers()
        usable = all(os.access(path, os.R_OK | os.W_OK) for path in writes)
        return usable and all(os.access(path, os.R_OK) for path in reads) and works()

    return all(_in_a_fork(partial(_be, user)) for user in users) and _in_a_fork(useful)


def _be(user: int) -> bool:
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    return os.getuid() == user


def _in_a_fork(ask: Callable[[], bool]) -> bool:
    """What a function answers in a process of its own; False where it fails."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if ask() else 1)
        except BaseException:  # noqa: BLE001  a fork must never come back into its parent's work
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
