"""Making proofs of stored receipts, under the checkpoints that are stored."""

from __future__ import annotations

from sqlalchemy import Connection

from greenlane.ledger import queries
from greenlane.ledger.checkpoint import Checkpoint
from greenlane.ledger.note import Note
from greenlane.ledger.proof import NotProven, Proof
from greenlane.ledger.tiles import StoredTiles, Tiles
from greenlane.ledger.tree import inclusion_path


def prove(connection: Connection, seq: int, *, with_witness: bool = False) -> Proof:
    """The proof of a stored receipt under the newest stored checkpoint. Raises ``NotProven`` when none covers it."""
    note = queries.newest_checkpoint(connection, at_least=seq + 1, with_witness=with_witness)
    if note is None:
        raise NotProven(
            f"No {'witnessed ' if with_witness else ''}checkpoint covers record {seq} yet.",
            next_step="Try again in a moment.",
        )
    return prove_under(connection, seq, note)


def prove_under(connection: Connection, seq: int, note: str) -> Proof:
    """The proof of a stored receipt under a checkpoint that is at hand."""
    checkpoint = Checkpoint.parse(Note.parse(note).text)
    tiles = Tiles(StoredTiles(connection), checkpoint.size)
    return Proof(seq, tuple(inclusion_path(seq, checkpoint.size, tiles.subtree)), note)
