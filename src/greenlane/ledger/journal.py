"""The data plane's journal: records too many to be receipts each, appended to a file, sealed batch by batch into one leaf.

How a record lies in its file, ``batches`` says. The chain of records shows edits; what shows a cut tail is the batch's Merkle root in the ledger. One process
writes the journal (``Journal``), another seals it (``Sealer``); they share nothing but the folder.

A record is proven by two paths: from the record to its batch's root, and from the batch's receipt to the checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenlane.kit import digest as digests
from greenlane.kit.clock import Clock, SystemClock, stamp
from greenlane.kit.database import Database
from greenlane.kit.errors import GreenlaneError
from greenlane.ledger import queries
from greenlane.ledger.append import Ledger, Rows
from greenlane.ledger.batches import START, Batch, read_batch
from greenlane.ledger.note import VerifierKey
from greenlane.ledger.proof import NotProven, Proof
from greenlane.ledger.receipt import Entry, Receipt
from greenlane.ledger.tree import ProofDoesNotHold, check_inclusion, inclusion_path, leaf_hash, root_of


class JournalDamaged(GreenlaneError):
    """A sealed batch does not hold: its chain breaks in the middle, or does not continue the batch before it."""

    code = "journal-damaged"


class Sealer:
    """Turns sealed files into leaves of the ledger, one ``noted`` receipt each, and then lets the files go.

    ``keep`` is given a file's bytes before the file is removed and returns the digest under which they can be read
    again; a file is removed only after its receipt is under a signed checkpoint. ``beside`` makes the rows that are
    committed together with a batch's receipt, from its action's id and its records. ``series`` tells several journals apart in the ledger:
    each has batches of its own, numbered by themselves.
    """

    def __init__(
        self,
        folder: Path,
        ledger: Ledger,
        database: Database,
        *,
        keep: Callable[[bytes], str],
        beside: Callable[[str, Sequence[bytes]], Rows] | None = None,
        clock: Clock | None = None,
        series: str = "journal",
    ) -> None:
        self._series = series
        self._folder = folder
        self._ledger = ledger
        self._database = database
        self._keep = keep
        self._beside = beside
        self._clock = clock or SystemClock()

    def seal_all(self) -> list[Entry]:
        """Take every sealed file, the oldest first. Raises ``JournalDamaged`` at the first that does not hold."""
        return [self._take(path) for path in sorted(self._folder.glob("*.sealed"))]

    def _take(self, path: Path) -> Entry:
        data = path.read_bytes()
        batch = read_batch(data)
        number = int(path.stem)
        if batch.length != len(data):
            raise JournalDamaged(f"Batch {number} of the journal breaks after {len(batch.records)} records.")
        entry = self._known(number)
        if entry is None:
            self._continues(number, batch)
            rows = self._beside(self._action(number), batch.records) if self._beside is not None else None
            entry = self._ledger.append(self._receipt(number, batch, self._keep(data)), rows)
        path.unlink()
        return entry

    def _known(self, number: int) -> Entry | None:
        """The receipt of a batch that was recorded just before a crash kept its file from being removed."""
        with self._database.read() as connection:
            found = queries.by_action(connection, self._action(number))
        return found[0] if found else None

    def _continues(self, number: int, batch: Batch) -> None:
        if number == 1 and batch.before != START:
            raise JournalDamaged("The journal does not begin at its beginning.")
        before = self._known(number - 1) if number > 1 else None
        if number > 1 and (before is None or before.receipt.happened["chain_after"] != batch.before.hex()):
            raise JournalDamaged(f"Batch {number} of the journal does not continue batch {number - 1}.")

    def _receipt(self, number: int, batch: Batch, blob: str) -> Receipt:
        happened: dict[str, Any] = {
            "batch": number,
            "records": len(batch.records),
            "root": f"sha256:{batch.root().hex()}",
            "chain_before": batch.before.hex(),
            "chain_after": batch.after.hex(),
            "blob": blob,
        }
        return Receipt(
            id=self._action(number),
            half="noted",
            action={
                "id": self._action(number),
                "verb": f"{self._series}.seal",
                "subject": f"{self._series}:{number}",
                "effect": "write",
            },
            process=self._series,
            cause=None,
            actor=[{"kind": "platform", "id": "platform", "credential": None}],
            at=stamp(self._clock.now()),
            happened=happened,
        )

    def _action(self, number: int) -> str:
        return f"{self._series}_{number:012d}"


@dataclass(frozen=True, slots=True)
class RecordProof:
    """That a record is in a batch (inner path) whose receipt is in the ledger (outer proof)."""

    index: int
    path: tuple[bytes, ...]
    receipt: bytes
    outer: Proof

    def check(self, record: bytes, log: VerifierKey, witness: VerifierKey | None = None) -> None:
        """Whether the record is proven. Raises ``NotProven`` or ``SignatureDoesNotHold``."""
        self.outer.check(self.receipt, log, witness)
        happened = Receipt.decode(self.receipt).happened
        root = bytes.fromhex(digests.bare(happened["root"]))
        try:
            check_inclusion(self.index, happened["records"], leaf_hash(record), self.path, root)
        except ProofDoesNotHold as error:
            raise NotProven(f"Record {self.index} is not in batch {happened['batch']}: {error}.") from error


def prove_record(data: bytes, index: int, receipt: bytes, outer: Proof) -> RecordProof:
    """The proof of one record of a kept batch, with the proof of the batch's receipt at hand."""
    leaves = [leaf_hash(one) for one in read_batch(data).records]
    path = inclusion_path(index, len(leaves), lambda start, end: root_of(leaves[start:end]))
    return RecordProof(index, tuple(path), receipt, outer)


def records(data: bytes) -> Iterator[bytes]:
    """The records of a kept batch. Raises ``JournalDamaged``."""
    batch = read_batch(data)
    if batch.length != len(data):
        raise JournalDamaged("A kept batch of the journal is not whole.")
    yield from batch.records
