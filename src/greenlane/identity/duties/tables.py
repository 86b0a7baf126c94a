"""What is kept apart."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, Text, UniqueConstraint

from greenlane.kit.database import METADATA

KEPT_APART = Table(
    "kept_apart",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # roles or verbs
    Column("one", Text, nullable=False),
    Column("other", Text, nullable=False),
    Column("days", BigInteger, nullable=False),  # of verbs: how far back counts; 0 for ever
    Column("action", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("since", Text, nullable=False),
    UniqueConstraint("kind", "one", "other"),
)
"""Pairs of roles or of verbs, each pair in the order of the alphabet."""
