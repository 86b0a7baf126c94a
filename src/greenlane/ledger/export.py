"""An export of the ledger that can be verified alone: JSON lines with index, bytes, leaf hash and inclusion proof.

The first line holds the (co)signed checkpoint under which every following line is proven. An export of the whole log says
so and must then be without gaps; an export of a part proves each of its lines, not that nothing was left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, BinaryIO

import orjson
from sqlalchemy import Connection, select

from greenlane.ledger import queries
from greenlane.ledger.checkpoint import Checkpoint
from greenlane.ledger.exported import FORMAT
from greenlane.ledger.note import Note, b64
from greenlane.ledger.proof import NotProven
from greenlane.ledger.tables import receipt
from greenlane.ledger.tiles import StoredTiles, Tiles
from greenlane.ledger.tree import inclusion_path


def write_export(connection: Connection, out: BinaryIO, *, only: Iterable[int] | None = None) -> int:
    """Write all receipts, or ``only`` those places, and return how many. Raises ``NotProven`` before a checkpoint."""
    note = queries.newest_checkpoint(connection, with_witness=True) or queries.newest_checkpoint(connection)
    if note is None:
        raise NotProven("Nothing is signed yet, so there is nothing that an export could prove.")
    checkpoint = Checkpoint.parse(Note.parse(note).text)
    tiles = Tiles(StoredTiles(connection), checkpoint.size)
    subtree = lru_cache(maxsize=4096)(tiles.subtree)
    _line(out, {"greenlane": FORMAT, "checkpoint": note, "size": checkpoint.size, "complete": only is None})
    written = 0
    for seq, leaf, data in _rows(connection, checkpoint.size, only):
        path = [b64(one) for one in inclusion_path(seq, checkpoint.size, subtree)]
        _line(out, {"index": seq, "bytes": b64(data), "leaf": b64(leaf), "proof": path})
        written += 1
    return written


def _rows(connection: Connection, size: int, only: Iterable[int] | None) -> Iterable[tuple[int, bytes, bytes]]:
    c = receipt.c
    every = select(c.seq, c.leaf, c.bytes).where(c.seq < size).order_by(c.seq)
    if only is None:
        with connection.execute(every, execution_options={"yield_per": 500}) as rows:
            for row in rows:
                yield row.seq, bytes(row.leaf), bytes(row.bytes)
        return
    for seq in sorted(set(only)):
        found = connection.execute(every.where(c.seq == seq)).one_or_none()
        if found is None:
            raise NotProven(f"Receipt {seq} is not signed yet, or there is none.")
        yield found.seq, bytes(found.leaf), bytes(found.bytes)


def _line(out: BinaryIO, document: Mapping[str, Any]) -> None:
    out.write(orjson.dumps(document) + b"\n")
