"""Recomputing receipts from their bytes: the tight loop of ``verify``, also as a process of its own for a part of the log.

``python -m greenlane.ledger.scan FILE START END`` reads SQLite past SQLAlchemy (a million receipts in seconds) and prints
what ``Scanned.text`` says. It imports next to nothing, so that starting several costs little.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any, Self

import orjson

COLUMNS = "seq, action, verb, subject, person, process, lane, half, at, leaf, bytes"
"""What a row that is scanned consists of, in this order."""

WIDTH = 256
"""Leaves of a tile: ``tiles.WIDTH``, without importing it."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """The roots of the full tiles that were recomputed, and the first receipt that does not hold, with the reason."""

    roots: list[bytes]
    fault: tuple[int, str] | None

    def text(self) -> bytes:
        """For the process that asked."""
        return orjson.dumps({"roots": b"".join(self.roots).hex(), "fault": self.fault})

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Read ``text``."""
        found = orjson.loads(text)
        roots = bytes.fromhex(found["roots"])
        fault = found["fault"]
        return cls([roots[at : at + 32] for at in range(0, len(roots), 32)], fault and (fault[0], fault[1]))


def scan(rows: Iterable[Any], tiles: Iterable[Any], start: int, end: int) -> Scanned:
    """Recompute the receipts ``[start, end)``; ``start`` begins a tile.

    ``rows`` are ``COLUMNS`` in order of seq, ``tiles`` (position, root, hashes) of level 0 in order of position.
    """
    roots: list[bytes] = []
    stream, stored = iter(rows), iter(tiles)
    for first in range(start, end, WIDTH):
        last = min(first + WIDTH, end)
        leaves, fault = _leaves(islice(stream, last - first), first, last)
        if fault is not None:
            return Scanned(roots, fault)
        if last - first == WIDTH:
            root = _root(leaves)
            tile = next(stored, None)
            if tile is None or tuple(tile) != (first // WIDTH, root, b"".join(leaves)):
                return Scanned(roots, (first, "the stored tile of hashes is not made of these receipts"))
            roots.append(root)
    return Scanned(roots, None)


def _leaves(rows: Iterator[Any], first: int, last: int) -> tuple[list[bytes], tuple[int, str] | None]:
    """The leaf hashes of one tile's receipts, recomputed from their bytes."""
    leaves: list[bytes] = []
    seq = first
    loads, add = orjson.loads, leaves.append
    for found, action, verb, subject, person, process, lane, half, at, leaf, data in rows:
        if found != seq:
            return leaves, (seq, "it is missing")
        try:
            recomputed = sha256(b"\x00" + data).digest()
            if recomputed != leaf:
                return leaves, (seq, "its bytes are not those that were recorded: the leaf hash is another")
            document = loads(data)
            did, link = document["action"], document["actor"]
            who = link[0]["id"] if link and link[0]["kind"] == "person" else _person(link)
            if (
                half != document["half"]
                or at != document["at"]
                or process != document["process"]
                or person != who
                or action != did.get("id")
                or verb != did.get("verb")
                or subject != did.get("subject")
                or lane != document["decided"].get("lane")
            ):
                return leaves, (seq, "the columns that it is looked up by do not agree with its bytes")
        except (ValueError, KeyError, TypeError, AttributeError):
            return leaves, (seq, "it is not a receipt")
        add(recomputed)
        seq += 1
    return leaves, None if seq == last else (seq, "it is missing")


def _person(actor: list[dict[str, Any]]) -> str | None:
    return next((link["id"] for link in actor if link["kind"] == "person"), None)


def _root(level: list[bytes]) -> bytes:
    """``tree.root_of`` for a full tile."""
    while len(level) > 1:
        level = [sha256(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=True)]
    return level[0]


def scan_sqlite(path: str, start: int, end: int) -> Scanned:
    """Recompute a part of the log in a SQLite file."""
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute(
            f"SELECT {COLUMNS} FROM receipt WHERE seq >= ? AND seq < ? ORDER BY seq",  # noqa: S608  our own names
            (start, end),
        )
        tiles = connection.execute(
            "SELECT position, root, hashes FROM tile WHERE level = 0 AND position >= ? ORDER BY position",
            (start // WIDTH,),
        )
        return scan(rows, tiles, start, end)
    except sqlite3.DatabaseError as error:
        return Scanned([], (start, f"the database cannot be read from here on ({error})"))
    finally:
        connection.close()


if __name__ == "__main__":
    sys.stdout.buffer.write(scan_sqlite(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])).text())
