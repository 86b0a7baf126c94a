"""Everything in a sandbox held still for a moment, so that what it stores can be copied as of one moment.

It is done by signals, because those work with and without control groups: SIGSTOP cannot be caught or ignored, and reaches
the first process of a process namespace when it comes from outside (pid_namespaces(7)). Whoever lost its parent there is
that process's child, so walking down from it, and from what was brought into the sandbox from outside, finds all.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from greenlane.kit.errors import Unavailable

WITHIN = 5.0
"""Seconds in which everything has to stand: a thread stops when the system call that it is in comes to its end."""
_LOOK_EVERY = 0.002
_STANDS = frozenset("TtZX")
"""States of a thread that runs no more: stopped, traced, ended (proc_pid_stat(5))."""


def hold(tops: Sequence[int]) -> None:
    """Stop processes and everything below them, whatever they start meanwhile. Raises ``Unavailable``; then all goes on."""
    deadline = time.monotonic() + WITHIN
    quiet = 0
    # Twice, because the children of whoever ended during a look have moved to where it had looked already.
    while quiet < 2:
        moving = [pid for pid in _below(tops) if not _stands(pid)]
        quiet = 0 if moving else quiet + 1
        if moving and time.monotonic() > deadline:
            let_go(tops)
            raise Unavailable(
                "The app could not be held still for a copy of what it stores.",
                next_step="Try again when it is less busy.",
                detail=f"{len(moving)} processes under {tops} still ran after {WITHIN:.0f} s",
            )
        for pid in moving:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        if moving:
            time.sleep(_LOOK_EVERY)


def let_go(tops: Sequence[int]) -> None:
    """Let it all go on."""
    for pid in _below(tops):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _below(tops: Sequence[int]) -> Iterator[int]:
    waiting = list(tops)
    while waiting:
        pid = waiting.pop()
        yield pid
        with suppress(OSError):  # it has just ended
            for thread in Path(f"/proc/{pid}/task").iterdir():
                waiting += map(int, (thread / "children").read_text().split())


def _stands(pid: int) -> bool:
    try:
        return all(_state(thread) in _STANDS for thread in Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return not Path(f"/proc/{pid}").exists()


def _state(thread: Path) -> str:
    return (thread / "stat").read_text().rpartition(") ")[2][:1]
