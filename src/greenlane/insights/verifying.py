"""A check of the whole ledger that goes on in the background, one at a time, while people watch how far it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from greenlane.kit.clock import Clock
from greenlane.kit.errors import GreenlaneError

Verify = Callable[[Callable[[str], None]], Mapping[str, Any]]
"""Checks everything; tells the name of each step as it begins."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the newest check is. ``turn`` grows with every change, so that a watcher sees that there was one.

    ``found`` is what ``Checking.verify`` answers once it is there; ``trouble`` says why there is no answer.
    """

    turn: int
    began: datetime
    step: str
    ended: datetime | None = None
    found: Mapping[str, Any] | None = None
    trouble: str = ""

    @property
    def running(self) -> bool:
        """Whether it still goes on."""
        return self.ended is None


class Verifying:
    """The newest check of this process. Thread-safe."""

    def __init__(self, verify: Verify, clock: Clock) -> None:
        self._verify = verify
        self._clock = clock
        self._changed = threading.Condition()
        self._progress: Progress | None = None

    @property
    def progress(self) -> Progress | None:
        """How far the newest check is; None before the first."""
        with self._changed:
            return self._progress

    def begin(self) -> None:
        """Begin a check, unless one is going on."""
        with self._changed:
            if self._progress is not None and self._progress.running:
                return
            turn = 0 if self._progress is None else self._progress.turn
            self._progress = Progress(turn + 1, self._clock.now(), "")
        threading.Thread(target=self._run, name="verify", daemon=True).start()

    def wait(self, turn: int, timeout: float) -> Progress | None:
        """The progress as soon as it is beyond a turn, or as it is after so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._progress is not None and self._progress.turn > turn, timeout)
            return self._progress

    def _run(self) -> None:
        try:
            found = self._verify(lambda step: self._change(step=step))
        except GreenlaneError as error:
            self._change(trouble=error.message, ended=self._clock.now())
        except BaseException:
            self._change(trouble="The check broke off.", ended=self._clock.now())
            raise
        else:
            self._change(found=found, ended=self._clock.now())

    def _change(self, **values: Any) -> None:
        with self._changed:
            assert self._progress is not None
            self._progress = replace(self._progress, turn=self._progress.turn + 1, **values)
            self._changed.notify_all()
