"""When somebody came in by break-glass, and drills that were announced."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, Text

from greenlane.kit.database import METADATA

BREAK_GLASS_USE = Table(
    "break_glass_use",
    METADATA,
    Column("action", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("way", Text, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("at", Text, nullable=False),
    Index("break_glass_use_by_person", "person", "at"),
)
"""Sign-ins of owners around the company's own, each by the action that it was."""

BREAK_GLASS_DRILL = Table(
    "break_glass_drill",
    METADATA,
    Column("action", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("announced_by", Text, nullable=False),
    Column("until", Text, nullable=False),
    Column("held", Text),
    Index("break_glass_drill_by_person", "person", "until"),
)
"""Drills. ``held`` is the action of the sign-in that was the drill."""
