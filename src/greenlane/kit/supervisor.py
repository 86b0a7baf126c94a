"""Several processes under one command: started together, restarted when they die, stopped together.

Children are forks of a parent that has imported everything and started nothing (no thread, no loop), so they begin at
once and share its code in memory. A child that dies is started again after a pause that doubles from 0.1 s to 10 s and
is forgiven after a calm minute.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from greenlane.kit.errors import GreenlaneError

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE, CALM = 0.1, 10.0, 60.0
"""Seconds: the first pause before a restart, the longest, and how long a child must live to be forgiven."""

_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG (linux/prctl.h)."""


@dataclass(frozen=True, slots=True)
class Child:
    """What to keep running. ``run`` returns when told to by SIGTERM."""

    name: str
    run: Callable[[], None]


@dataclass(slots=True)
class _Life:
    """How it goes for one child."""

    child: Child
    pid: int = 0
    began: float = 0.0
    pause: float = FIRST_PAUSE
    due: float = 0.0


class Supervisor:
    """Keeps children running. For one thread alone: ``start``, then ``look`` again and again, then ``stop``."""

    def __init__(self, children: Sequence[Child]) -> None:
        self._lives = {child.name: _Life(child) for child in children}

    def start(self) -> None:
        """Start every child."""
        # Looking for garbage writes to all it looks at: what is here by now is left out of it, and stays shared.
        gc.collect()
        gc.freeze()
        for life in self._lives.values():
            _launch(life)

    def look(self) -> list[str]:
        """Notice who died, start again whose pause is over. Returns the names of those that just died."""
        died = []
        now = time.monotonic()
        for name, life in self._lives.items():
            if life.pid and os.waitpid(life.pid, os.WNOHANG)[0] == life.pid:
                life.pause = FIRST_PAUSE if now - life.began > CALM else min(life.pause * 2, LONGEST_PAUSE)
                life.pid, life.due = 0, now + life.pause
                died.append(name)
                log.warning("a process ended and is started again", process=name, pause=life.pause)
            elif not life.pid and now >= life.due:
                _launch(life)
        return died

    def pids(self) -> dict[str, int]:
        """The process ids by name; those that are about to be started again are missing."""
        return {name: life.pid for name, life in self._lives.items() if life.pid}

    def stop(self, grace: float = 15.0) -> None:
        """Stop the children, the last named first; kill whoever is still there after ``grace`` seconds."""
        deadline = time.monotonic() + grace
        for life in reversed(self._lives.values()):
            if not life.pid:
                continue
            os.kill(life.pid, signal.SIGTERM)
            while os.waitpid(life.pid, os.WNOHANG)[0] == 0:
                if time.monotonic() > deadline:
                    os.kill(life.pid, signal.SIGKILL)
                    os.waitpid(life.pid, 0)
                    break
                time.sleep(0.02)
            life.pid = 0


def _launch(life: _Life) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    life.began = time.monotonic()
    parent = os.getpid()
    life.pid = os.fork()
    if life.pid == 0:
        os._exit(_be(life.child, parent))


def end_with(parent: int) -> None:
    """Be told to stop when the parent ends, however it ends: nobody is left behind who holds the port or the database.

    To be said again after becoming another user, which makes Linux forget it (prctl(2)). Elsewhere it does nothing.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)


def _be(child: Child, parent: int) -> int:
    """In the child: its own session and signals, then its work. Returns the exit code."""
    try:
        os.setsid()  # a Ctrl-C reaches the parent alone, which stops everybody in order
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        end_with(parent)
        child.run()
    except GreenlaneError as error:
        log.error("the process cannot go on", process=child.name, message=error.message, next_step=error.next_step)
        return 1
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1
    except BaseException:
        log.exception("the process failed", process=child.name)
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0
