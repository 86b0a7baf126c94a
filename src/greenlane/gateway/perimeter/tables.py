"""Prompts that a person let through although they hold data that needs one."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, String, Table

from greenlane.kit.database import METADATA

LET_THROUGH = Table(
    "prompt_let_through",
    METADATA,
    Column("action", String(60), primary_key=True),  # that let it through
    Column("key", String(40), nullable=False),
    Column("prompt", String(80), nullable=False),  # the digest of the request's bytes, sha256:…
    Column("data", JSON, nullable=False),  # the classes that it was let through with
    Column("expires", String(32), nullable=False),
    Index("prompt_let_through_by_time", "expires"),
)
"""One very request of one key: its bytes are known by their digest alone."""
