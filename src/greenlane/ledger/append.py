"""The ledger's one writer: takes receipts from any thread, commits them in groups, has them signed, and only then says so.

A group is whatever arrived while the group before it was being written. Its steps are always the same: rows and receipts
in one transaction, commit, checkpoint from the signer, release of the callers. Nothing is ever signed that is not
committed, and nobody is told "recorded" before it is signed.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import DBAPIError

from greenlane.kit.database import Database
from greenlane.kit.errors import GreenlaneError, Unavailable
from greenlane.ledger import tables
from greenlane.ledger.receipt import Entry, Receipt
from greenlane.ledger.seat import Seat, trouble, weather
from greenlane.ledger.signer import Signer
from greenlane.ledger.tiles import StoredTiles, Tiles
from greenlane.ledger.tree import consistency_path, leaf_hash

Rows = Callable[[Connection], None]
"""Writes a feature's own rows within the ledger's transaction: short, no files, no network."""

FLUSH_AFTER = 0.05
"""Seconds of quiet after which a checkpoint is stored that no group took along."""
CATCH_UP_EVERY = 0.5
"""Seconds between two attempts to get signed what a signer that was away has not signed."""


class NotYetSigned(Unavailable):
    """It is recorded, but the signer went away before it signed; it is signed by itself when the signer is back."""

    code = "not-yet-signed"


class LedgerBehind(GreenlaneError):
    """The database holds less than what was signed before: it was rolled back or restored from an old copy."""

    code = "ledger-behind"


@dataclass(frozen=True, slots=True)
class _Submission:
    """What one caller wants kept or refused as a whole."""

    receipts: Sequence[Receipt]
    encoded: Sequence[bytes]
    rows: Rows | None
    answer: Future[list[Entry]] = field(default_factory=Future)

    def refuse(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Ledger:
    """The way in. ``append`` from any thread; there is one ``Ledger`` for a database at a time, in one process.

    ``patience`` is how many seconds a group waits for a signer or a database that went away under it. ``group`` is the
    number of receipts that one transaction takes at most (a single submission is never divided).
    """

    def __init__(self, database: Database, signer: Signer, *, patience: float = 2.0, group: int = 2000) -> None:
        self._signer = signer
        self._patience = patience
        self._group = group
        self._seat = Seat(database)
        self._tiles: Tiles | None = None
        self._head: tuple[int, bytes] | None = None
        self._unstored: dict[int, str] = {}
        self._signed = threading.Condition()
        self._note: str | None = None
        self._size = 0
        self._queue: queue.SimpleQueue[_Submission | None] = queue.SimpleQueue()
        self._closed = False
        self._door = threading.Lock()
        self._tree()
        self._writer = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._writer.start()

    # what callers use ------------------------------------------------------------------------------------------------

    def append(self, receipt: Receipt, rows: Rows | None = None) -> Entry:
        """Record a receipt, with the rows that belong to it, and wait until a signed checkpoint covers it.

        ``rows`` run first, in the same savepoint; what they raise is raised here, and nothing of this call is kept.
        Raises ``Unavailable`` (nothing was kept), ``NotYetSigned`` (kept, to be signed), ``StorageFull``.
        """
        return self.append_all([receipt], rows)[0]

    def append_all(self, receipts: Sequence[Receipt], rows: Rows | None = None) -> list[Entry]:
        """Record several receipts together or not at all. Otherwise like ``append``."""
        return self._submit(_Submission(receipts, [one.encode() for one in receipts], rows))

    def write(self, rows: Rows) -> None:
        """Bookkeeping rows without a receipt: same writer, same groups, no checkpoint to wait for."""
        self._submit(_Submission((), (), rows))

    def newest_checkpoint(self, *, larger_than: int = -1, timeout: float = 0.0) -> str | None:
        """The newest signed note, waiting until there is one of more than ``larger_than`` records; None in vain."""
        with self._signed:
            self._signed.wait_for(lambda: self._note is not None and self._size > larger_than, timeout)
            return self._note if self._note is not None and self._size > larger_than else None

    def close(self) -> None:
        """Finish what was submitted, store the last checkpoint, and let another process write."""
        with self._door:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._writer.join()

    def _submit(self, submission: _Submission) -> list[Entry]:
        with self._door:
            if self._closed:
                raise Unavailable("The ledger is closed: the server is stopping.", next_step="Try again in a moment.")
            self._queue.put(submission)
        return submission.answer.result()

    # the writer's thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        stop = False
        while not stop:
            group, stop = self._next_group()
            if group:
                try:
                    self._record(group)
                except Exception as error:  # noqa: BLE001  a fault of ours ends one group, never the writer
                    self._stand_up(error)
                    _refuse(group, error)
            elif not stop:
                self._tidy()
        if self._unstored:
            self._tidy()
        self._seat.leave()

    def _next_group(self) -> tuple[list[_Submission], bool]:
        """Everything that waits, up to ``group`` receipts; empty after a quiet while in which something is left to do."""
        wait = FLUSH_AFTER if self._unstored else CATCH_UP_EVERY if self._head is None else None
        group: list[_Submission] = []
        receipts = 0
        try:
            one = self._queue.get(timeout=wait)
            while one is not None:
                group.append(one)
                receipts += len(one.encoded)
                if receipts >= self._group:
                    return group, False
                one = self._queue.get_nowait()
        except queue.Empty:
            return group, False
        return group, True

    def _record(self, group: list[_Submission]) -> None:
        try:
            self._waiting(self._tree)
        except GreenlaneError as error:
            _refuse(group, error)
            return
        try:
            self._waiting(self._catch_up)
        except GreenlaneError as error:
            _refuse([one for one in group if one.encoded], error)
            group = [one for one in group if not one.encoded]
        first, kept = self._commit(group)
        for one in kept:
            if not one.encoded:
                one.answer.set_result([])
        kept = [one for one in kept if one.encoded]
        if not kept:
            return
        try:
            size = self._waiting(self._sign)
        except GreenlaneError as error:
            _refuse(
                kept,
                NotYetSigned(
                    "This is recorded, but its checkpoint could not be signed yet.",
                    next_step="It is signed by itself once the signer is back. Look before you try again.",
                    detail=f"{type(error).__name__}: {error.detail or error.message}",
                ),
            )
            return
        for one in kept:
            one.answer.set_result([Entry(seq, receipt, size) for seq, receipt in enumerate(one.receipts, first)])
            first += len(one.receipts)

    def _waiting(self, step: Callable[[], int]) -> int:
        """Take a step, again and again while it finds a part away, for as long as patience lasts."""
        until = time.monotonic() + self._patience
        pause = 0.01
        while True:
            try:
                return step()
            except Unavailable:
                if time.monotonic() + pause > until:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, 0.25)

    def _tidy(self) -> None:
        """In a quiet moment: catch up with the signer, and store checkpoints that no group took along."""
        try:
            self._tree()
            self._catch_up()
            with self._seat.transaction() as connection:
                self._store_notes(connection)
            self._unstored.clear()
        except (GreenlaneError, DBAPIError) as error:
            self._stand_up(error)

    def _stand_up(self, error: Exception) -> None:
        """After a fault nothing in memory counts: connection and tree are taken anew."""
        if not isinstance(error, GreenlaneError):
            self._seat.leave()
            self._tiles = None

    # commit ----------------------------------------------------------------------------------------------------------

    def _tree(self) -> int:
        """Hold the seat and know the tree's right edge. Raises ``Unavailable``."""
        if self._tiles is None:
            try:
                connection = self._seat.take()
                size = 1 + int(connection.scalar(select(func.coalesce(func.max(tables.receipt.c.seq), -1))) or 0)
                self._tiles = Tiles(StoredTiles(connection), size)
                connection.rollback()
            except DBAPIError as error:
                self._seat.leave()
                raise trouble(error) from error
            self._head = None
        return self._tiles.size

    def _commit(self, group: list[_Submission]) -> tuple[int, list[_Submission]]:
        """Write a group. Returns the first seq and the submissions that were kept; the others were refused."""
        assert self._tiles is not None
        first = self._tiles.size
        kept: list[_Submission] = []
        try:
            with self._seat.transaction() as connection:
                self._store_notes(connection)
                kept.extend(one for one in group if one.rows is None or _rows_hold(connection, one, one.rows))
                self._store_receipts(connection, first, kept)
        except DBAPIError as error:
            self._stand_up(error)
            if not self._was_kept(first, kept):
                _refuse(group, trouble(error))
                return first, []
        self._unstored.clear()
        return first, kept

    def _store_receipts(self, connection: Connection, first: int, kept: list[_Submission]) -> None:
        assert self._tiles is not None
        encoded = [data for one in kept for data in one.encoded]
        keys = [receipt.keys() for one in kept for receipt in one.receipts]
        leaves = [leaf_hash(data) for data in encoded]
        rows = [
            (seq, *key, leaf, data)
            for seq, (key, leaf, data) in enumerate(zip(keys, leaves, encoded, strict=True), first)
        ]
        full = self._tiles.grow(leaves)
        self._seat.insert(tables.receipt, rows)
        self._seat.insert(tables.tile, full)

    def _store_notes(self, connection: Connection) -> None:
        held = {
            size
            for size in self._unstored
            if connection.scalar(select(tables.checkpoint.c.size).where(tables.checkpoint.c.size == size)) is not None
        }
        notes = [{"size": size, "note": note} for size, note in self._unstored.items() if size not in held]
        if notes:
            connection.execute(insert(tables.checkpoint), notes)

    def _was_kept(self, first: int, kept: list[_Submission]) -> bool:
        """After a commit that ended in an error: is the group in the tables? A lost connection may hide a success."""
        encoded = [data for one in kept for data in one.encoded]
        if not encoded:
            return False
        last = first + len(encoded) - 1
        try:
            if self._waiting(self._tree) <= last:
                return False
            connection = self._seat.take()
            leaf = connection.scalar(select(tables.receipt.c.leaf).where(tables.receipt.c.seq == last))
            connection.rollback()
        except (GreenlaneError, DBAPIError):
            return False
        return leaf is not None and bytes(leaf) == leaf_hash(encoded[-1])

    # checkpoints -----------------------------------------------------------------------------------------------------

    def _catch_up(self) -> int:
        """Know what the signer signed last, and get signed what it has not seen. Raises ``LedgerBehind``."""
        assert self._tiles is not None
        if self._head is None:
            size, root = self._signer.head()
            if size > self._tiles.size:
                raise LedgerBehind(
                    f"The ledger holds {self._tiles.size} records, but {size} were signed: the newest are missing.",
                    next_step="Restore the newest backup of the database; `greenlane ledger verify` tells more.",
                )
            self._head = size, root
            if self._tiles.size:
                self._sign()
        return self._tiles.size

    def _sign(self) -> int:
        """Get the tree as it is signed. Returns its size."""
        tiles = self._tiles
        assert tiles is not None
        try:
            known, _ = self._head or self._signer.head()
            self._head = None
            root = tiles.root()
            note = self._signer.sign_checkpoint(tiles.size, root, consistency_path(known, tiles.size, tiles.subtree))
        finally:
            self._seat.rest()
        self._head = tiles.size, root
        self._unstored[tiles.size] = note
        with self._signed:
            self._note, self._size = note, tiles.size
            self._signed.notify_all()
        return tiles.size


def _rows_hold(connection: Connection, one: _Submission, rows: Rows) -> bool:
    """Run a caller's rows in a savepoint of their own. What is wrong with the database itself concerns the whole group."""
    savepoint = connection.begin_nested()
    try:
        rows(connection)
        savepoint.commit()
    except Exception as error:  # whatever a caller's rows raise is raised again, to that caller
        if isinstance(error, DBAPIError) and weather(error) is not None:
            raise
        savepoint.rollback()
        one.refuse(error)
        return False
    return True


def _refuse(group: list[_Submission], error: Exception) -> None:
    for one in group:
        one.refuse(error)
