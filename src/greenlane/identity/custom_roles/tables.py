"""Roles that an organisation made for itself. Who holds one stands where the holding of every role stands."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Table, Text

from greenlane.kit.database import METADATA

CUSTOM_ROLE = Table(
    "custom_role",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("says", Text, nullable=False),
    Column("rights", JSON, nullable=False),  # pairs of a verb and a place, sorted
    Column("action", Text, nullable=False),  # the one that made it, or changed it last
    Column("made_by", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("changed", Text, nullable=False),
)
"""Roles beside those of the table."""
