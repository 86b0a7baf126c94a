"""Alerts about calls to models."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, String, Table, Text

from greenlane.kit.database import METADATA

ALERT = Table(
    "model_alert",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("what", String(24), nullable=False),
    Column("about", String(340), nullable=False),
    Column("account", String(160), nullable=False),  # whose budget; empty for the platform's own matters
    Column("amount", BigInteger, nullable=False),  # of the budget, in pico-dollars
    Column("says", Text, nullable=False),
    Column("people", JSON, nullable=False),  # whom it reached
    Column("at", String(32), nullable=False),
    Column("until", String(32), nullable=False),  # empty while the budget holds
    Column("dismissed", String(32), nullable=False),  # empty until somebody did
    Index("model_alert_by_time", "at"),
)
"""What people were told of calls to models, once for each thing and period."""
