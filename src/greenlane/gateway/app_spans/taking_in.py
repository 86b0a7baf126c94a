"""Control's rounds: what apps sent of their own work becomes rows and goes on to the collector, and is let go of in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from greenlane.gateway.app_spans import keeping
from greenlane.gateway.app_spans.sending import resource_spans
from greenlane.gateway.tracing.exporting import Exporting
from greenlane.govern.effect import Rows
from greenlane.kit.clock import Clock
from greenlane.kit.database import Database

TIDY_EVERY = timedelta(minutes=10)
"""How often spans that were kept long enough are looked for."""


class TakingIn:
    """``round`` is to be called each second. ``days`` is how long spans are kept, 0 for not at all; ``own`` are the
    addresses of the gateway.
    """

    def __init__(
        self,
        database: Database,
        write: Callable[[Rows], None],
        clock: Clock,
        *,
        folder: Path,
        days: int,
        own: frozenset[str],
        exporting: Exporting | None,
    ) -> None:
        self._database = database
        self._write = write
        self._clock = clock
        self._folder = folder
        self._days = days
        self._own = own
        self._exporting = exporting
        self._tidied: datetime | None = None

    def round(self) -> None:
        """Take in what lies there. What is interrupted is taken up with the next round."""
        now = self._clock.now()
        found = keeping.messages(self._folder)
        if found:
            if self._days:
                self._write(keeping.rows_of(found.values(), now, self._own))
            if self._exporting is not None:
                self._exporting.heard_of_apps(resource_spans(found.values()))
            for one in found:
                one.unlink(missing_ok=True)
        if self._tidied is None or now - self._tidied >= TIDY_EVERY:
            with self._database.read() as connection:
                gone = keeping.let_go(connection, now, self._days)
            if gone is not None:
                self._write(gone)
            self._tidied = now
