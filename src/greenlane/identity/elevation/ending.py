"""Ends elevations when their time is over, through the door like everybody else.

A role that is over counts for nobody from that moment on, whether its end is written down yet or not. This writes it
down, so that the ledger says when it ended and every page that was compiled from it follows.
"""

from __future__ import annotations

import threading

import structlog
from sqlalchemy.exc import DBAPIError

from greenlane.govern.actor import PLATFORM
from greenlane.govern.door import Door
from greenlane.identity.elevation import queries
from greenlane.identity.elevation.actions import EndElevation
from greenlane.kit.errors import GreenlaneError
from greenlane.ledger.receipt import Receipt

log = structlog.get_logger()

LOOKS_EVERY = 20.0
"""Seconds at most between two looks: another part of a large installation may have begun an elevation."""


class Ending:
    """A thread that sleeps until the next elevation is over. ``start`` and ``stop`` once each."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._woken = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="elevations", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End no more."""
        self._stopped = True
        self._woken.set()
        self._thread.join()

    def hear(self, receipt: Receipt) -> None:
        """A new elevation may be the next one that ends."""
        if receipt.action["verb"] == "ask-elevation":
            self._woken.set()

    def round(self) -> float:
        """End what is over; how many seconds there are until the next one is."""
        now = self._door.clock.now()
        with self._door.database.read() as connection:
            late = queries.over(connection, now)
        for one in late:
            try:
                self._door.govern(PLATFORM, EndElevation(one))
            except GreenlaneError as error:
                log.warning("an elevation that is over could not be ended", elevation=one, code=error.code)
                return 1.0
        with self._door.database.read() as connection:
            then = queries.next_end(connection)
        if then is None:
            return LOOKS_EVERY
        return min(LOOKS_EVERY, max(0.0, (then - self._door.clock.now()).total_seconds()))

    def _run(self) -> None:
        wait = 0.0
        while not self._stopped:
            self._woken.wait(wait)
            self._woken.clear()
            try:
                wait = 0.0 if self._stopped else self.round()
            except DBAPIError as error:
                log.warning("elevations end once the database is back", error=repr(error.orig))
                wait = 1.0
