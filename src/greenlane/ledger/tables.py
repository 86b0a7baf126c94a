"""The ledger's tables. Only ``append.py`` writes them, and a trigger refuses to change or delete what it wrote.

The columns that receipts are looked up by stand in the receipt's own row, in front of its bytes. Measured on SQLite with
1 KB receipts in groups: one table with them is a little faster to write than a narrow table beside it; each further index
costs about 4 microseconds of CPU a receipt, and one whose keys are scattered (subject, person) up to 3 KB more of
writing. ``verify`` compares the columns with the bytes.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text, literal_column

from greenlane.kit.database import METADATA

Seq = BigInteger().with_variant(Integer(), "sqlite")
"""A leaf index. SQLite makes only a column called INTEGER its row id."""

receipt = Table(
    "receipt",
    METADATA,
    Column("seq", Seq, primary_key=True, autoincrement=False),
    Column("action", Text),
    Column("verb", Text),
    Column("subject", Text),
    Column("person", Text),
    Column("process", Text),
    Column("lane", Text),
    Column("half", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
)
"""One receipt a row: ``bytes`` as they were hashed, ``leaf`` = SHA-256(0x00 || bytes)."""

Index("receipt_by_action", receipt.c.action)
Index("receipt_by_verb", receipt.c.verb, receipt.c.seq)
Index("receipt_by_subject", receipt.c.subject, receipt.c.seq)
Index("receipt_by_person", receipt.c.person, receipt.c.seq)
Index("receipt_by_process", receipt.c.process, receipt.c.seq)

NOT_GREEN = literal_column("lane") != literal_column("'green'")
"""Written into every query for another lane, word for word, so that the database sees that the index below serves it."""

Index("receipt_by_lane", receipt.c.lane, receipt.c.seq, sqlite_where=NOT_GREEN, postgresql_where=NOT_GREEN)

tile = Table(
    "tile",
    METADATA,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("position", Seq, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
)
"""Full tiles of 256 hashes (C2SP tlog-tiles). Level 0 holds leaves, level n the ``root`` of tiles of level n - 1.

A tile that is not full has no row: its hashes are the leaves of ``receipt``, or the roots of the tiles below.
"""

checkpoint = Table(
    "checkpoint",
    METADATA,
    Column("size", Seq, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
)
"""Signed checkpoints, as the signer wrote them. The newest one covers every receipt before it."""

cosigned = Table(
    "cosigned",
    METADATA,
    Column("size", Seq, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
)
"""The newest checkpoint that carries the witness's signature as well."""

payload = Table(
    "payload",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("nonce", LargeBinary),
    Column("sealed", LargeBinary),
    Column("forgotten", Text),
)
"""What a receipt holds only the digest of, encrypted. Forgetting empties the row and stamps ``forgotten``."""
