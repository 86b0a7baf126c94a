"""The gateway's record: what it let through, written before it goes out and made durable while the provider works.

Whoever asks for durability while the disk is busy waits for its next turn, so that one turn stands for many calls. One
thread does all that waits for the disk, in the order in which it was asked.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from greenlane.kit import ids
from greenlane.kit.clock import Clock, stamp
from greenlane.kit.digest import canonical
from greenlane.ledger.batches import Journal

_LOG = logging.getLogger(__name__)


class Recording:
    """One life of a worker, and the journal that it writes. Its records are canonical JSON.

    ``slot`` says which of the worker processes it is: each has a folder of its own. What an earlier life left open is
    sealed first. ``durable`` False: what is written survives a killed process, and not a power cut.
    """

    def __init__(self, folder: Path, slot: int, clock: Clock, *, durable: bool = True) -> None:
        self.worker = ids.new("worker")
        self._journal = Journal(folder / str(slot))
        if self._journal.torn:
            _LOG.warning("%d bytes at the end of the journal were never whole, and are set aside.", self._journal.torn)
        self._journal.seal()
        self._durable = durable
        self._written = 0
        self._synced = 0
        self._syncing = False
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._work: queue.SimpleQueue[tuple[int, Callable[[], object]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop
        self.write({"k": "life", "worker": self.worker, "at": stamp(clock.now())})
        self._journal.sync()

    def begin(self, record: Mapping[str, Any]) -> int:
        """Write a call's intent and begin to make it durable. Returns what ``until`` waits for. Raises ``StorageFull``."""
        self.write(record)
        if self._durable and not self._syncing:
            self._ask(self._journal.syncing())
        return self._written

    def write(self, record: Mapping[str, Any]) -> None:
        """Write a record that is durable with the next one that has to be. Raises ``StorageFull``."""
        self._journal.append(canonical(record))
        self._written += 1

    async def until(self, number: int) -> None:
        """Wait until the intent survives a power cut. Raises OSError where the disk refuses."""
        if not self._durable or self._synced >= number:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((number, future))
        if not self._syncing:
            self._ask(self._journal.syncing())
        await future

    def seal(self) -> None:
        """Make a batch of what there is, for control to take into the ledger; calls go on while the disk works."""
        if self._journal.count:
            self._ask(self._journal.turn().finish)

    def close(self) -> None:
        """Seal what there is and let go of the file."""
        if self._thread is not None:
            self._work.put(None)
            self._thread.join()
        self._journal.seal()
        self._journal.close()

    def _ask(self, work: Callable[[], object]) -> None:
        if self._thread is None:
            self._loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._wait_for_the_disk, name="journal", daemon=True)
            self._thread.start()
        self._syncing = True
        self._work.put((self._written, work))

    def _wait_for_the_disk(self) -> None:
        """The thread's work."""
        while (work := self._work.get()) is not None:
            number, done = work
            error: OSError | None = None
            try:
                done()
            except OSError as trouble:
                error = trouble
            self._loop.call_soon_threadsafe(self._synced_to, number, error)

    def _synced_to(self, number: int, error: OSError | None) -> None:
        self._syncing = False
        if error is not None:
            _LOG.error("The journal cannot be made durable: %s", error)
        self._synced = max(self._synced, number if error is None else 0)
        while self._waiting and (error is not None or self._waiting[0][0] <= number):
            _, future = self._waiting.popleft()
            if future.done():
                continue
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(None)
        if self._waiting:
            self._ask(self._journal.syncing())
