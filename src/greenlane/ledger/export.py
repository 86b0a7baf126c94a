"""An export of the ledger that can be verified alone: JSON lines with index, bytes, leaf hash and inclusion proof.

The first line holds the (co)signed checkpoint under which every following line is proven. An export of the whole log says
so and must then be without gaps; an export of a part proves each of its lines, not that nothing was left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from sqlalchemy import Connection, select

from greenlane.ledger import queries
from greenlane.ledger.checkpoint import Checkpoint, cosigned_at, open_note
from greenlane.ledger.note import Note, SignatureDoesNotHold, b64, unb64
from greenlane.ledger.proof import NotProven
from greenlane.ledger.tables import receipt
from greenlane.ledger.tiles import StoredTiles, Tiles
from greenlane.ledger.tree import ProofDoesNotHold, check_inclusion, inclusion_path, leaf_hash
from greenlane.ledger.trust import Trust
from greenlane.ledger.verify import Fault, Report

FORMAT = "export/1"


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


def verify_export(path: Path, trust: Trust) -> Report:
    """Verify an export without a database. Names the first receipt that does not hold."""
    with path.open("rb") as lines:
        try:
            header = orjson.loads(next(lines))
            if header["greenlane"] != FORMAT:
                raise ValueError("another format")
            checkpoint = open_note(header["checkpoint"], trust.log)
            witnessed = _witnessed(header["checkpoint"], trust)
        except (ValueError, KeyError, TypeError, StopIteration) as error:
            return Report(0, 0, None, None, Fault(0, f"this is not an export of a ledger ({error})"))
        except SignatureDoesNotHold as error:
            return Report(0, 0, None, None, Fault(0, error.message.rstrip(".")))
        expected = 0
        for line in lines:
            try:
                index = _checked(line, checkpoint)
            except (ValueError, KeyError, TypeError, ProofDoesNotHold) as error:
                return Report(expected, checkpoint.size, witnessed, None, Fault(expected, str(error)))
            if index < expected or (index > expected and header["complete"]):
                reason = "it is missing" if index > expected else f"receipt {index} stands in its place"
                return Report(expected, checkpoint.size, witnessed, None, Fault(expected, reason))
            expected = index + 1
    if header["complete"] and expected < checkpoint.size:
        fault = Fault(expected, f"it is missing: {checkpoint.size} receipts were signed")
        return Report(expected, checkpoint.size, witnessed, None, fault)
    return Report(expected, checkpoint.size, witnessed, None, None)


def _checked(line: bytes, checkpoint: Checkpoint) -> int:
    """The index of a line that holds."""
    found = orjson.loads(line)
    index, leaf = found["index"], leaf_hash(unb64(found["bytes"]))
    if leaf != unb64(found["leaf"]):
        raise ValueError("its bytes are not those that were recorded: the leaf hash is another")
    check_inclusion(index, checkpoint.size, leaf, [unb64(one) for one in found["proof"]], checkpoint.root)
    return int(index)


def _witnessed(note: str, trust: Trust) -> int | None:
    """The checkpoint's size if the witness signed it too. An export made before the witness spoke is still signed."""
    if trust.witness is None or len(Note.parse(note).signatures) < 2:
        return None
    cosigned_at(note, trust.witness)
    return open_note(note, trust.log).size
