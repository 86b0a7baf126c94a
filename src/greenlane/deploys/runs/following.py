"""Everything about runs that lives in control: whoever follows them, and where the edge hands requests in."""

from __future__ import annotations

from pathlib import Path

from greenlane.catalog.addresses import Addresses
from greenlane.deploys.runs.calling import FunctionHost
from greenlane.deploys.runs.reception import Reception
from greenlane.deploys.runs.runner import Runs, Works
from greenlane.govern.door import Door
from greenlane.kit.settings import Settings
from greenlane.ledger.receipt import Receipt
from greenlane.runtime.asking import Runtime


class FollowingRuns:
    """``start`` and ``stop`` once each; ``hear`` after each settled action."""

    def __init__(self, door: Door, runtime: Runtime, addresses: Addresses, settings: Settings, reception: Path) -> None:
        seconds = (settings.scheduled_minutes * 60, settings.background_minutes * 60)
        self._runs = Runs(Works(door, FunctionHost(runtime), addresses, settings.time_zone, *seconds))
        self._reception = Reception(reception, self._runs.take_in)

    def start(self) -> None:
        """Begin to follow, and listen."""
        self._runs.start()
        self._reception.start()

    def stop(self) -> None:
        """Take nothing in any more, and follow no longer."""
        self._reception.stop()
        self._runs.stop()

    def hear(self, receipt: Receipt) -> None:
        """What is live may have changed, or a run was asked for."""
        self._runs.hear(receipt)
