"""The data plane's journal: records too many to be receipts each, appended to a file, sealed batch by batch into one leaf.

A record is ``4 bytes of length | 32 bytes of chain | the record``, where chain = SHA-256(chain before || record), going on
from file to file. The chain shows edits; what shows a cut tail is the batch's Merkle root in the ledger. One process
writes the journal (``Journal``), another seals it (``Sealer``); they share nothing but the folder.

A record is proven by two paths: from the record to its batch's root, and from the batch's receipt to the checkpoint.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from greenlane.kit import digest as digests
from greenlane.kit.clock import Clock, SystemClock, stamp
from greenlane.kit.database import Database
from greenlane.kit.errors import GreenlaneError, StorageFull
from greenlane.ledger import queries
from greenlane.ledger.append import Ledger, Rows
from greenlane.ledger.note import VerifierKey
from greenlane.ledger.proof import NotProven, Proof
from greenlane.ledger.receipt import Entry, Receipt
from greenlane.ledger.tree import ProofDoesNotHold, check_inclusion, inclusion_path, leaf_hash, root_of

HEADER = 36
"""Bytes before a record: its length and the chain's hash after it."""
START = bytes(32)
"""The chain's hash before the first record."""
LONGEST = 1 << 20
"""Bytes of one record."""


class JournalDamaged(GreenlaneError):
    """A sealed batch does not hold: its chain breaks in the middle, or does not continue the batch before it."""

    code = "journal-damaged"


@dataclass(frozen=True, slots=True)
class Batch:
    """A file's records, with the chain's hash before the first and after the last, and how many whole bytes there are."""

    records: tuple[bytes, ...]
    before: bytes
    after: bytes
    length: int

    def root(self) -> bytes:
        """The batch's own Merkle root (RFC 6962)."""
        return root_of([leaf_hash(one) for one in self.records])


def read_batch(data: bytes) -> Batch:
    """Read a file's bytes up to the first frame that is not whole. The file begins with the chain's hash before it."""
    before = chain = data[:32]
    records: list[bytes] = []
    at = 32
    while at + HEADER <= len(data):
        length = int.from_bytes(data[at : at + 4])
        record = data[at + HEADER : at + HEADER + length]
        link = sha256(chain + record).digest()
        if len(record) < length or link != data[at + 4 : at + HEADER]:
            break
        records.append(record)
        chain, at = link, at + HEADER + length
    return Batch(tuple(records), before, chain, at)


class Journal:
    """The writing side, one process. Files are numbered; the highest number is the open one.

    After a crash the open file is read again; a torn tail is set aside as ``<number>.torn`` (``torn`` tells its bytes),
    never dropped silently: what lies in it was never acknowledged with ``durable=True``.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.torn = 0
        self._chain, self._length, self.count = START, 32, 0
        for born_dead in [one for one in folder.glob("*.open") if one.stat().st_size < 32]:
            born_dead.unlink()
        left = sorted(folder.glob("*.open"))
        for full in left[:-1]:
            full.rename(full.with_suffix(".sealed"))
        if left:
            self._resume(left[-1])
        else:
            self._begin(1, START)

    def append(self, record: bytes, *, durable: bool = False) -> None:
        """Append a record. It survives a killed process at once, and a power cut after ``sync`` or with ``durable``.

        Raises ``StorageFull``; then nothing of the record is kept.
        """
        if len(record) > LONGEST:
            raise ValueError(f"a record has at most {LONGEST} bytes")
        link = sha256(self._chain + record).digest()
        frame = len(record).to_bytes(4) + link + record
        try:
            written = os.write(self._file, frame)
            if written < len(frame):
                raise OSError(errno.ENOSPC, "short write")
            if durable:
                os.fdatasync(self._file)
        except OSError as error:
            os.ftruncate(self._file, self._length)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull("There is no room left for the journal.", detail=str(error)) from error
            raise
        self._chain, self._length, self.count = link, self._length + len(frame), self.count + 1

    def sync(self) -> None:
        """Make everything appended so far survive a power cut. One call can stand for many records."""
        os.fdatasync(self._file)

    def seal(self) -> Path | None:
        """Close the open file as a batch for the sealer; None when there is nothing in it.

        The next file is there before this one is let go, so the chain is never without an end to go on from.
        """
        if not self.count:
            return None
        full, file = self._path, self._file
        os.fsync(file)
        self._begin(int(full.stem) + 1, self._chain)
        os.close(file)
        sealed = full.with_suffix(".sealed")
        full.rename(sealed)
        return sealed

    def close(self) -> None:
        """Close the open file; its records stay and are found again."""
        os.fsync(self._file)
        os.close(self._file)

    def _begin(self, number: int, chain: bytes) -> None:
        self._path = self._folder / f"{number:012d}.open"
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.write(self._file, chain)
        os.fsync(self._file)
        _sync_folder(self._folder)
        self._chain, self._length, self.count = chain, 32, 0

    def _resume(self, path: Path) -> None:
        data = path.read_bytes()
        batch = read_batch(data)
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        if batch.length < len(data):
            self.torn = len(data) - batch.length
            path.with_suffix(".torn").write_bytes(data[batch.length :])
            os.ftruncate(self._file, batch.length)
            os.fsync(self._file)
        self._chain, self._length, self.count = batch.after, batch.length, len(batch.records)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Sealer:
    """Turns sealed files into leaves of the ledger, one ``noted`` receipt each, and then lets the files go.

    ``keep`` is given a file's bytes before the file is removed and returns the digest under which they can be read
    again; a file is removed only after its receipt is under a signed checkpoint. ``beside`` makes the rows that are
    committed together with a batch's receipt, from its records.
    """

    def __init__(
        self,
        folder: Path,
        ledger: Ledger,
        database: Database,
        *,
        keep: Callable[[bytes], str],
        beside: Callable[[Sequence[bytes]], Rows] | None = None,
        clock: Clock | None = None,
    ) -> None:
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
            rows = self._beside(batch.records) if self._beside is not None else None
            entry = self._ledger.append(self._receipt(number, batch, self._keep(data)), rows)
        path.unlink()
        return entry

    def _known(self, number: int) -> Entry | None:
        """The receipt of a batch that was recorded just before a crash kept its file from being removed."""
        with self._database.read() as connection:
            found = queries.by_action(connection, _action(number))
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
            id=_action(number),
            half="noted",
            action={"id": _action(number), "verb": "journal.seal", "subject": f"journal:{number}", "effect": "write"},
            process="journal",
            cause=None,
            actor=[{"kind": "platform", "id": "platform", "credential": None}],
            at=stamp(self._clock.now()),
            happened=happened,
        )


def _action(number: int) -> str:
    return f"journal_{number:012d}"


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
