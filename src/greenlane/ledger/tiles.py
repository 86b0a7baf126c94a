"""The tree's hashes at rest: full tiles of 256 (C2SP tlog-tiles), written once, and the root of any part of the tree.

A level-0 tile holds leaves, a level-n tile the roots of level n - 1. Only full tiles are stored; what is not full yet is
read from the level below. ``Tiles`` keeps the right edge of the tree and the tiles it used last in memory, so that the
writer hardly ever reads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, select

from greenlane.ledger import tables
from greenlane.ledger.tree import EMPTY_ROOT, node_hash, root_of, split

WIDTH = 256
"""Hashes in a tile, 2 to the power of ``HEIGHT``."""
HEIGHT = 8


class Tile(NamedTuple):
    """A full tile: its level, its place on that level, its root, and its 256 hashes."""

    level: int
    position: int
    root: bytes
    hashes: bytes


class Store(Protocol):
    """Where tiles are read from."""

    def hashes(self, level: int, start: int, end: int) -> list[bytes]:
        """The hashes ``[start, end)`` of a level, all within one tile. LookupError when some are missing."""
        ...


class StoredTiles:
    """Tiles as the tables hold them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def hashes(self, level: int, start: int, end: int) -> list[bytes]:
        """A full tile is one row; the rest of a level are leaves, or the roots of the tiles below."""
        position = start // WIDTH
        if end - position * WIDTH == WIDTH:
            tile = tables.tile.c
            whole = self._connection.scalar(select(tile.hashes).where(tile.level == level, tile.position == position))
            if whole is not None:
                return cut(whole)[start % WIDTH :]
        if level == 0:
            receipt = tables.receipt.c
            part = select(receipt.leaf).where(receipt.seq >= start, receipt.seq < end).order_by(receipt.seq)
        else:
            below = tables.tile.c
            part = (
                select(below.root)
                .where(below.level == level - 1, below.position >= start, below.position < end)
                .order_by(below.position)
            )
        found = [bytes(one) for one in self._connection.scalars(part)]
        if len(found) != end - start:
            raise LookupError(f"level {level} of the tree has holes between {start} and {end}")
        return found


class Tiles:
    """The hashes of a tree of ``size`` leaves, ready to grow at its right edge and to be read anywhere."""

    def __init__(self, store: Store, size: int, *, keep: int = 64) -> None:
        self.store = store
        self.size = size
        self._keep = keep
        self._full: OrderedDict[tuple[int, int], list[bytes]] = OrderedDict()
        self._edge: list[list[bytes]] = []
        level, width = 0, size
        while width:
            self._edge.append(store.hashes(level, width - width % WIDTH, width) if width % WIDTH else [])
            level, width = level + 1, width // WIDTH

    def grow(self, leaves: Iterable[bytes]) -> list[Tile]:
        """Add leaves. Returns the tiles that became full, to be stored."""
        full: list[Tile] = []
        for leaf in leaves:
            self.size += 1
            level, entry = 0, leaf
            while True:
                if level == len(self._edge):
                    self._edge.append([])
                edge = self._edge[level]
                edge.append(entry)
                if len(edge) < WIDTH:
                    break
                entry = root_of(edge)
                position = (self.size >> HEIGHT * (level + 1)) - 1
                full.append(Tile(level, position, entry, b"".join(edge)))
                self._remember(level, position, edge)
                self._edge[level] = []
                level += 1
        return full

    def _tile(self, level: int, position: int) -> list[bytes]:
        """The hashes that a tile has so far: all 256, or those at the edge."""
        if position == self.size >> HEIGHT * (level + 1):
            return self._edge[level]
        known = self._full.get((level, position))
        if known is None:
            known = self.store.hashes(level, position * WIDTH, (position + 1) * WIDTH)
            self._remember(level, position, known)
        else:
            self._full.move_to_end((level, position))
        return known

    def _remember(self, level: int, position: int, hashes: list[bytes]) -> None:
        self._full[level, position] = hashes
        if len(self._full) > self._keep:
            self._full.popitem(last=False)

    def subtree(self, start: int, end: int) -> bytes:
        """The root of the leaves ``[start, end)``, a range that RFC 6962 cuts: what ``tree.py`` asks for."""
        level, first, last = 0, start, end
        while not first % WIDTH and not last % WIDTH and last > first:
            level, first, last = level + 1, first // WIDTH, last // WIDTH
        if first // WIDTH == (last - 1) // WIDTH:
            begin = first % WIDTH
            return root_of(self._tile(level, first // WIDTH)[begin : begin + last - first])
        middle = start + split(end - start)
        return node_hash(self.subtree(start, middle), self.subtree(middle, end))

    def root(self, size: int | None = None) -> bytes:
        """The root of the first ``size`` leaves; of all of them when none is given."""
        size = self.size if size is None else size
        return self.subtree(0, size) if size else EMPTY_ROOT


def cut(hashes: bytes) -> list[bytes]:
    """A tile's bytes as hashes of 32 bytes."""
    return [hashes[at : at + 32] for at in range(0, len(hashes), 32)]
