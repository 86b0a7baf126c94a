"""Sealed values by scope, the wrapped keys that sealed them, and who read which version.

A version is written once; removing it destroys its sealed bytes and keeps the line.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, Text

from greenlane.kit.database import METADATA

KEPT_VALUE = Table(
    "kept_value",
    METADATA,
    Column("scope", Text, primary_key=True),  # organisation, team:t_… or app:name
    Column("environment", Text, primary_key=True),  # production, staging, preview or dev
    Column("use", Text, primary_key=True),  # build, run or both
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("readable", Boolean, nullable=False),
    Column("sealed", LargeBinary),  # None once removed
    Column("person", Text),  # who put it in; None where the platform did
    Column("action", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("valid_until", Text),  # how long it works beside its successor
    Column("removed", Text),
    Index("kept_value_by_name", "name"),
)
"""Every version of every value; the highest one that is not removed counts."""

DATA_KEY = Table(
    "data_key",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("wrapped_by", Text, nullable=False),  # the driver's name for the key that wrapped it
    Column("created", Text, nullable=False),
    Column("retired", Text),  # seals nothing new since
    Index("data_key_by_scope", "scope"),
)
"""The keys that seal values, each wrapped by a key that only the driver has."""

VALUE_READ = Table(
    "value_read",
    METADATA,
    Column("deploy", Text, primary_key=True),
    Column("reader", Text, primary_key=True),  # build or run
    Column("scope", Text, primary_key=True),
    Column("environment", Text, primary_key=True),
    Column("use", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("app", Text, nullable=False),
    Column("first", Text, nullable=False),
    Column("last", Text, nullable=False),
    Column("times", Integer, nullable=False),
    Index("value_read_by_name", "name", "scope"),
    Index("value_read_by_app", "app"),
)
"""Which deploy got which version, for building or for running; first, last and how often."""
