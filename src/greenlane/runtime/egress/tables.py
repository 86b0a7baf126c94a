"""What apps called outside, as it was read from the journal: the ledger's batches hold the same, and prove it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from greenlane.kit.database import METADATA

EGRESS_USE = Table(
    "egress_use",
    METADATA,
    Column("app", Text, primary_key=True),
    Column("day", Text, primary_key=True),  # in UTC, such as 2026-11-22
    Column("environment", Text, primary_key=True),
    Column("use", Text, primary_key=True),  # run or build
    Column("host", Text, primary_key=True),
    Column("port", Integer, primary_key=True, autoincrement=False),
    Column("outcome", Text, primary_key=True),  # allowed or refused
    Column("why", Text, primary_key=True),  # the refusal's code
    Column("deploy", Text, nullable=False),  # the last one
    Column("times", BigInteger, nullable=False),
    Column("sent", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("last", Text, nullable=False),  # the minute, such as 2026-11-22T09:30Z
)
"""Connections and bytes of an app by host and day."""
