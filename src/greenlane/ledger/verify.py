"""Verification: everything recomputed from the stored bytes, and held against what was signed and what was witnessed.

The first receipt that does not hold is named with its reason. Where somebody rewrote leaves and tiles consistently, only
the signed checkpoints tell; then the first receipt after the last checkpoint that still agrees is named.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import Connection, func, inspect, select, text

from greenlane.kit.database import Database
from greenlane.kit.errors import GreenlaneError
from greenlane.ledger import watermark
from greenlane.ledger.checkpoint import cosigned_at, open_note
from greenlane.ledger.note import SignatureDoesNotHold
from greenlane.ledger.payload import PayloadDamaged, Payloads
from greenlane.ledger.report import Fault, Report
from greenlane.ledger.scan import COLUMNS, Scanned, scan, scan_sqlite
from greenlane.ledger.seat import taken
from greenlane.ledger.tables import checkpoint, payload, receipt, tile
from greenlane.ledger.tiles import HEIGHT, WIDTH, Tiles
from greenlane.ledger.tree import root_of
from greenlane.ledger.trust import Trust

PART = 40_000
"""Receipts from which on another process is worth its start."""


STEPS = ("bytes", "tree", "words")
"""What is checked, in this order: every receipt's bytes, the tree with what was signed and witnessed, stored words."""


def _unheard(_step: str) -> None:
    """Nobody wants to hear how far it is."""


class NoLedger(GreenlaneError):
    """There is no ledger in this place."""

    code = "no-ledger"


class _Recomputed:
    """A ``tiles.Store`` of what was recomputed: leaves from the rows that were just checked, tiles from memory."""

    def __init__(self, connection: Connection, roots: list[bytes]) -> None:
        self._connection = connection
        self.levels: list[list[bytes]] = [roots]
        while len(self.levels[-1]) >= WIDTH:
            below = self.levels[-1]
            self.levels.append([root_of(below[at : at + WIDTH]) for at in range(0, len(below) - WIDTH + 1, WIDTH)])

    def hashes(self, level: int, start: int, end: int) -> list[bytes]:
        """A part of one tile of the recomputed tree."""
        if level:
            return self.levels[level - 1][start:end]
        c = receipt.c
        rows = select(c.leaf).where(c.seq >= start, c.seq < end).order_by(c.seq)
        return [bytes(one) for one in self._connection.scalars(rows)]


def verify(
    database: Database,
    trust: Trust,
    *,
    signed: Sequence[str] = (),
    witnessed: str | None = None,
    payloads: Payloads | None = None,
    running: bool = False,
    at_step: Callable[[str], None] = _unheard,
) -> Report:
    """Verify a ledger's database. ``at_step`` hears the name of each of ``STEPS`` as it begins.

    ``signed`` are newest notes known from elsewhere (the signer's memory, a running ledger), ``witnessed`` is the
    witness's last word. While a server runs, receipts that are being signed are no fault: say ``running``.
    """
    with database.read() as connection:
        newest = connection.scalar(select(checkpoint.c.note).order_by(checkpoint.c.size.desc()).limit(1))
        size = 1 + int(connection.scalar(select(func.coalesce(func.max(receipt.c.seq), -1))) or 0)
        at_step("bytes")
        scanned = _scan(database, connection, size)
        notes = [note for note in (newest, *signed) if note is not None]
        fault = scanned.fault and Fault(*scanned.fault)
        covered, seen = 0, None
        at_step("tree")
        if fault is None:
            store = _Recomputed(connection, scanned.roots)
            tiles = Tiles(store, size)
            fault = _upper_tiles(connection, store)
            fault, covered = (fault, 0) if fault else _signatures(connection, tiles, notes, trust)
            if witnessed is not None:
                word, seen = _witness(tiles, witnessed, trust)
                fault = fault or word
            if fault is None and covered < size and not running:
                fault = Fault(covered, "no signed checkpoint covers it")
        elif witnessed is not None:
            word, seen = _witness(None, witnessed, trust)
        checked = None
        at_step("words")
        if payloads is not None:
            checked, damaged = _payloads(connection, payloads)
            fault = fault or damaged
        return Report(size, covered, seen, checked, fault)


def verify_folder(folder: Path, trust: Trust | None = None) -> Report:
    """Verify a server's data folder: its database, the signer's and the witness's memory, its payloads.

    While a server writes there, receipts that are just being signed are no fault. Without ``trust`` the folder's own ``trust.json`` is believed. Raises ``NoLedger`` and ``NoTrust``.
    """
    path = folder / "greenlane.db"
    if not path.is_file():
        raise NoLedger(f"There is no ledger in {folder}.", next_step="Name the folder that `greenlane up --data` uses.")
    root = trust or Trust.read(folder / "trust.json")
    key = folder / "keys" / "payload.key"
    database = Database(f"sqlite:///{path}")
    try:
        if not inspect(database.engine).has_table(receipt.name):
            raise NoLedger(
                f"The database in {folder} holds no ledger.",
                next_step="Put back all its files: greenlane.db, and greenlane.db-wal where there is one.",
            )
        return verify(
            database,
            root,
            signed=[note for note in [_remembered(folder / "signer" / "watermark")] if note is not None],
            witnessed=_remembered(folder / "witness" / "watermark"),
            payloads=Payloads.from_file(key) if _readable(key) else None,
            running=taken(path),
        )
    finally:
        database.close()


def _remembered(path: Path) -> str | None:
    return watermark.read(path) if _readable(path) else None


def _readable(path: Path) -> bool:
    """Whether it is there for us: signer and witness may be other users, whose folders are closed to us."""
    return os.access(path, os.R_OK)


def _scan(database: Database, connection: Connection, size: int) -> Scanned:
    if database.dialect != "sqlite":
        every = text(f"SELECT {COLUMNS} FROM receipt WHERE seq < :size ORDER BY seq")  # noqa: S608  our own names
        stored = select(tile.c.position, tile.c.root, tile.c.hashes).where(tile.c.level == 0).order_by(tile.c.position)
        with (
            database.read() as beside,
            connection.execute(every, {"size": size}, execution_options={"yield_per": 1000}) as rows,
            beside.execute(stored, execution_options={"yield_per": 100}) as tiles,
        ):
            return scan(rows, tiles, 0, size)
    path = str(database.engine.url.database)
    parts = max(1, min(os.cpu_count() or 1, size // PART))
    width = -(-size // parts // WIDTH) * WIDTH or WIDTH
    ranges = [(start, min(start + width, size)) for start in range(0, size, width)]
    if len(ranges) < 2:
        return scan_sqlite(path, 0, size)
    with ThreadPoolExecutor(len(ranges)) as pool:
        found = list(pool.map(lambda part: _beside(path, *part), ranges))
    fault = next((one.fault for one in found if one.fault is not None), None)
    return Scanned([root for one in found for root in one.roots], fault)


def _beside(path: str, start: int, end: int) -> Scanned:
    command = [sys.executable, "-m", "greenlane.ledger.scan", path, str(start), str(end)]
    return Scanned.parse(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def _upper_tiles(connection: Connection, store: _Recomputed) -> Fault | None:
    """Whether the stored tiles above the leaves are those of the recomputed tree, and no others are stored."""
    for level in range(1, len(store.levels)):
        below, above = store.levels[level - 1], store.levels[level]
        rows = connection.execute(select(tile).where(tile.c.level == level).order_by(tile.c.position)).all()
        for position, root in enumerate(above):
            whole = b"".join(below[position * WIDTH : (position + 1) * WIDTH])
            kept = rows[position] if position < len(rows) else None
            if kept is None or (kept.position, kept.root, kept.hashes) != (position, root, whole):
                first = position << HEIGHT * (level + 1)
                return Fault(first, f"the stored tile of hashes over it (level {level}) is not made of these receipts")
    wanted = sum(len(level) for level in store.levels)
    found = connection.scalar(select(func.count()).select_from(tile)) or 0
    return None if found == wanted else Fault(0, f"{found} tiles are stored where {wanted} belong")


def _signatures(connection: Connection, tiles: Tiles, notes: list[str], trust: Trust) -> tuple[Fault | None, int]:
    """Hold the tree against every newest note. Returns the size that is covered."""
    covered = 0
    for note in notes:
        wrong = _disagrees(tiles, note, trust)
        if wrong is not None:
            return _located(connection, tiles, trust, wrong), covered
        covered = max(covered, open_note(note, trust.log).size)
    return None, covered


def _disagrees(tiles: Tiles, note: str, trust: Trust) -> Fault | None:
    try:
        said = open_note(note, trust.log)
    except SignatureDoesNotHold as error:
        return Fault(0, f"its checkpoint was not signed by the log's key ({error.message.rstrip('.')})")
    if said.size > tiles.size:
        return Fault(tiles.size, f"it is missing: {said.size} receipts were signed, {tiles.size} are there")
    if tiles.root(said.size) != said.root:
        return Fault(0, f"the tree of {said.size} receipts is not the one that was signed")
    return None


def _located(connection: Connection, tiles: Tiles, trust: Trust, wrong: Fault) -> Fault:
    """Narrow a fault down: what lies under the last stored checkpoint that still agrees is not concerned."""
    sizes = list(connection.scalars(select(checkpoint.c.size).order_by(checkpoint.c.size)))
    good, bad = 0, len(sizes)
    while good < bad:
        middle = (good + bad) // 2
        note = connection.scalar(select(checkpoint.c.note).where(checkpoint.c.size == sizes[middle]))
        fault = None if note is None else _disagrees(tiles, note, trust)
        if fault is None:
            good = middle + 1
        else:
            bad, wrong = middle, fault
    return Fault(max(wrong.seq, sizes[good - 1] if good else 0), wrong.reason)


def _witness(tiles: Tiles | None, note: str, trust: Trust) -> tuple[Fault | None, int | None]:
    """What the witness's last word says about the tree, and how much the witness has seen."""
    if trust.witness is None:
        return None, None
    try:
        cosigned_at(note, trust.witness)
        said = open_note(note, trust.log)
    except SignatureDoesNotHold as error:
        return Fault(0, f"the witness's word does not hold ({error.message.rstrip('.')})"), None
    if tiles is None:
        return None, said.size
    if said.size > tiles.size:
        reason = f"it is missing: the witness saw {said.size} receipts, {tiles.size} are there"
        return Fault(tiles.size, f"{reason}; the tail was cut or an old copy put back"), said.size
    if tiles.root(said.size) != said.root:
        return Fault(0, f"the witness saw another past of these {said.size} receipts: the log was forked"), said.size
    return None, said.size


def _payloads(connection: Connection, payloads: Payloads) -> tuple[int, Fault | None]:
    """Whether each payload that was not forgotten is what its digest says. A damaged one names no receipt by itself."""
    checked = 0
    for row in connection.execute(select(payload).where(payload.c.sealed.is_not(None))):
        try:
            payloads.unseal(row.digest, bytes(row.nonce), bytes(row.sealed))
        except PayloadDamaged as error:
            return checked, Fault(_receipt_with(connection, row.digest), error.message.rstrip("."))
        checked += 1
    return checked, None


def _receipt_with(connection: Connection, digest: str) -> int:
    """The receipt that names a payload, found by reading; 0 when none does. Rare, so it may take its time."""
    for row in connection.execute(select(receipt.c.seq, receipt.c.bytes).order_by(receipt.c.seq)):
        if digest.encode() in bytes(row.bytes):
            return int(row.seq)
    return 0
