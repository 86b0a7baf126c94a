"""Sealed values. A version is written once; removing a variable destroys its sealed bytes and keeps the line."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Table, Text

from greenlane.kit.database import METADATA

VARIABLE = Table(
    "variable",
    METADATA,
    Column("app", Text, ForeignKey("app.name"), primary_key=True),
    Column("environment", Text, primary_key=True),  # preview, staging or production
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("sealed", LargeBinary),  # None once removed
    Column("action", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("removed", Text),
)
"""Every version of every variable; the highest one that is not removed counts."""
