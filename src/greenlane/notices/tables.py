"""Notices, and how far the ledger was read for them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text

from greenlane.kit.database import METADATA

NOTICE = Table(
    "notice",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # the receipt that it tells of
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("at", String(32), nullable=False),
    Column("read_at", String(32)),
    Index("notice_by_person", "person", "seq"),
)
"""One row for each person who hears of a receipt. The words are made when it is read."""

NOTICES_HEARD = Table(
    "notices_heard",
    METADATA,
    Column("reader", String(16), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)
"""The last receipt that was read, in one row."""
