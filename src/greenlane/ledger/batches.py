"""The writing side of a journal: records appended to a file, closed batch by batch for whoever seals them (``journal``).

A record is ``4 bytes of length | 32 bytes of chain | the record``, where chain = SHA-256(chain before || record), going on
from file to file. Nothing here knows a database, so that a process which only writes needs neither it nor its memory.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from greenlane.kit.errors import StorageFull
from greenlane.ledger.tree import leaf_hash, root_of

HEADER = 36
"""Bytes before a record: its length and the chain's hash after it."""
START = bytes(32)
"""The chain's hash before the first record."""
LONGEST = 1 << 20
"""Bytes of one record."""


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


def framed(records: Iterable[bytes], before: bytes = START) -> bytes:
    """A batch's bytes, as a file of a journal has them."""
    chain, found = before, [before]
    for record in records:
        chain = sha256(chain + record).digest()
        found.append(len(record).to_bytes(4) + chain + record)
    return b"".join(found)


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
        left = self._sound(sorted(folder.glob("*.open")))
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

    def syncing(self) -> Callable[[], None]:
        """What makes everything appended so far survive a power cut, for another thread to call, before the next turn is
        finished.
        """
        return partial(os.fdatasync, self._file)

    def seal(self) -> Path | None:
        """Close the open file as a batch for the sealer; None when there is nothing in it.

        The next file is there before this one is let go, so the chain is never without an end to go on from.
        """
        if not self.count:
            return None
        os.fsync(self._file)
        return self.turn().finish()

    def turn(self) -> Turned:
        """Go on in the next file at once, without waiting for the disk. What it returns has to be finished, on any thread,
        before anything is synced again: until then nothing that is appended is durable.
        """
        full, file = self._path, self._file
        self._create(int(full.stem) + 1, self._chain)
        return Turned(full, file, self._file)

    def close(self) -> None:
        """Close the open file; its records stay and are found again."""
        os.fsync(self._file)
        os.close(self._file)

    def _begin(self, number: int, chain: bytes) -> None:
        self._create(number, chain)
        os.fsync(self._file)
        _sync_folder(self._folder)

    def _create(self, number: int, chain: bytes) -> None:
        self._path = self._folder / f"{number:012d}.open"
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.write(self._file, chain)
        self._chain, self._length, self.count = chain, 32, 0

    def _sound(self, left: list[Path]) -> list[Path]:
        """The open files up to the first that was cut: what was written after a cut was never acknowledged as durable."""
        for place, path in enumerate(left[:-1]):
            data = path.read_bytes()
            batch = read_batch(data)
            with left[place + 1].open("rb") as file:
                following = file.read(32)
            if batch.length != len(data) or following != batch.after:
                for later in left[place + 1 :]:
                    self.torn += later.stat().st_size
                    later.rename(later.with_suffix(".torn"))
                return left[: place + 1]
        return left

    def _resume(self, path: Path) -> None:
        data = path.read_bytes()
        batch = read_batch(data)
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        if batch.length < len(data):
            self.torn += len(data) - batch.length
            path.with_suffix(".torn").write_bytes(data[batch.length :])
            os.ftruncate(self._file, batch.length)
            os.fsync(self._file)
        self._chain, self._length, self.count = batch.after, batch.length, len(batch.records)


@dataclass(frozen=True, slots=True)
class Turned:
    """A full file, and the next one that was begun after it."""

    full: Path
    file: int
    following: int

    def finish(self) -> Path:
        """Make both durable, and hand the full one over. The next file is there before this one is let go."""
        os.fsync(self.file)
        os.fsync(self.following)
        _sync_folder(self.full.parent)
        os.close(self.file)
        sealed = self.full.with_suffix(".sealed")
        self.full.rename(sealed)
        return sealed


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
