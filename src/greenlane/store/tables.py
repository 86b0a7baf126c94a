"""Snapshots of what apps store: that they were made, by which action, and what they must still be."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from greenlane.kit.database import METADATA

SNAPSHOT = Table(
    "snapshot",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("app", String(63), ForeignKey("app.name"), nullable=False),
    Column("environment", String(16), nullable=False),
    Column("action", String(40), nullable=False),
    Column("verb", String(32), nullable=False),  # the action's: publish, snapshot-data or restore-data
    Column("deploy", String(20)),  # what was live there then
    Column("bytes", BigInteger, nullable=False),
    Column("files", Integer, nullable=False),
    Column("digest", String(71), nullable=False),
    Column("made_at", String(32), nullable=False),
    Column("gone_at", String(32)),  # newer ones took its place, or it was erased
    Index("snapshot_by_app", "app", "environment"),
)
"""Every snapshot that there ever was; the archives themselves lie beside the data."""
