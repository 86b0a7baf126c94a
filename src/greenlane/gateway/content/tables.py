"""What was said in calls to models, sealed."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, String, Table

from greenlane.kit.database import METADATA

CONTENT = Table(
    "model_content",
    METADATA,
    Column("call", String(40), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires", String(32), nullable=False),
    Index("model_content_by_time", "expires"),
)
"""Prompt and answer of a call, until they are erased or their time is over."""
