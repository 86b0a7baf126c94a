"""A verifier made of parts that we did not write: pymerkle for the tree, tlog-scales for the notes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from pymerkle import InmemoryTree
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint

from greenlane.ledger import watermark


class OutsideSaysNo(Exception):
    """The independent verifier found the ledger wanting."""


def look(folder: Path, log: str, witness: str) -> None:
    """Read the raw table, and hold its tree against the newest stored checkpoint and the witness's last word."""
    with closing(sqlite3.connect(folder / "greenlane.db")) as connection:
        data = [row[0] for row in connection.execute("SELECT bytes FROM receipt ORDER BY seq")]
        note = connection.execute("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()[0]
    tree = InmemoryTree(algorithm="sha256")
    tree.append_entries(data)
    said = Checkpoint.from_text(note)
    _signed(said, log)
    if said.size != tree.get_size() or said.root_hash != tree.get_root():
        raise OutsideSaysNo("the tree is not the one that was signed")
    cosigned = watermark.read(folder / "witness" / "watermark")
    assert cosigned is not None
    seen = Checkpoint.from_text(cosigned)
    _signed(seen, log)
    _signed(seen, witness)
    if seen.size > tree.get_size() or seen.root_hash != tree.get_root(seen.size):
        raise OutsideSaysNo("the witness saw something else")


def _signed(said: Checkpoint, key: str) -> None:
    try:
        said.verify(Vkey.from_string(key))
    except Exception as error:
        raise OutsideSaysNo(f"a signature does not hold: {error}") from error
