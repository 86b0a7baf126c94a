"""Roles that people have for some hours."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from greenlane.kit.database import METADATA

ELEVATION = Table(
    "elevation",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("scope", Text, nullable=False),  # organisation, team:t_… or app:NAME
    Column("because", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("until", Text, nullable=False),
    Column("ended", Text),
    Index("elevation_by_person", "person", "ended"),
    Index("elevation_by_ended", "ended", "until"),
)
"""Elevations, each with the action that gave it. ``because`` are its person's words, emptied when they are erased."""
