"""A few sandboxes laid out before anybody asks: laying one out takes bubblewrap ten milliseconds, moving in a few."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field

import structlog

from greenlane.runtime.place import Place

log = structlog.get_logger()

MOST = 2
"""How many wait at most; each takes 0.6 MiB of memory. Who comes while there is none has one laid out."""
QUIET = 0.25
"""Seconds after one was taken until another is laid out: whoever took it needs the processor now."""
_AFTER_FAILURE = 10.0
"""Seconds until it is tried again where none could be laid out; apps start all the same, or say why not."""
_OLDEST = 600.0
"""Seconds that one may wait: it has the machine's settings as they were (``/etc/ld.so.cache``)."""


@dataclass(frozen=True, slots=True)
class _Spare:
    place: Place
    made: float = field(default_factory=time.monotonic)

    def of_use(self) -> bool:
        return self.place.process.poll() is None and time.monotonic() - self.made < _OLDEST


class Spares:
    """Thread-safe. One thread makes all of them and lives until ``close``, because they end with it: so does whatever has
    moved into one. ``quiet`` is in seconds.
    """

    def __init__(self, most: int = MOST, quiet: float = QUIET) -> None:
        self._most = most
        self._quiet = quiet
        self._waiting: deque[_Spare] = deque()
        self._taken = 0.0
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Have the first ones made. Once it was called, there are some again a moment after one was taken."""
        with self._changed:
            if self._thread is None and not self._closed and self._most:
                self._thread = threading.Thread(target=self._live, name="spare sandboxes", daemon=True)
                self._thread.start()

    def take(self) -> Place | None:
        """One that is laid out, None where there is none just now. It is the caller's to close."""
        with self._changed:
            self._taken = time.monotonic()
            self._changed.notify_all()
            while self._waiting:
                one = self._waiting.popleft()
                if one.of_use():
                    return one.place
                one.place.close()
            return None

    def close(self) -> None:
        """End those that nobody took, and make no more. What has moved into others has to be ended first."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _live(self) -> None:
        while not self._closed:
            try:
                self._look()
            except Exception as error:  # noqa: BLE001  with this thread all that moved in would end
                log.warning("no sandbox could be laid out beforehand", why=str(error))
                with self._changed:
                    self._changed.wait_for(lambda: self._closed, _AFTER_FAILURE)
        while self._waiting:
            self._waiting.popleft().place.close()

    def _look(self) -> None:
        """Let go of what is of no use, make one where one is missing, or wait for the next reason to look."""
        with self._changed:
            useless = [one for one in self._waiting if not one.of_use()]
            for one in useless:
                self._waiting.remove(one)
            if not useless and (pause := self._pause()) > 0:
                self._changed.wait(pause)  # without letting go of the lock in between: who takes one wakes us
                return
        for one in useless:
            one.place.close()
        if not (useless or self._closed):
            self._add()

    def _pause(self) -> float:
        """Seconds until there is something to do. Called with the lock held."""
        if self._closed:
            return 0.0
        if len(self._waiting) < self._most:
            return self._taken + self._quiet - time.monotonic()
        return _OLDEST / 10

    def _add(self) -> None:
        place = Place()
        if not (place.first and place.is_laid_out()):
            place.close()
            raise OSError("bubblewrap did not lay it out")
        with self._changed:
            self._waiting.append(_Spare(place))
            self._changed.notify_all()
