"""Spans of apps, and in which traces calls to models were made."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, String, Table

from greenlane.kit.database import METADATA

APP_SPAN = Table(
    "app_span",
    METADATA,
    Column("source", String(120), primary_key=True),  # app/environment, or the id of a person's key
    Column("trace", String(32), primary_key=True),
    Column("span", String(16), primary_key=True),
    Column("parent", String(16), nullable=False),
    Column("name", String(120), nullable=False),
    Column("kind", Integer, nullable=False),
    Column("began", String(32), nullable=False),
    Column("us", BigInteger, nullable=False),
    Column("failed", Boolean, nullable=False),
    Column("app", String(80), nullable=False),
    Column("environment", String(16), nullable=False),
    Column("deploy", String(40), nullable=False),
    Column("team", String(40), nullable=False),
    Column("person", String(40), nullable=False),
    Column("provider", String(120), nullable=False),
    Column("model", String(120), nullable=False),  # empty where no model was called
    Column("server", String(160), nullable=False),
    Column("way", String(10), nullable=False),  # gateway, elsewhere or unsaid for a call to a model, else empty
    Column("read", BigInteger, nullable=False),
    Column("written", BigInteger, nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("taken", String(32), nullable=False),
    Index("app_span_by_trace", "trace"),
    Index("app_span_by_source", "source", "taken"),
    Index("app_span_by_time", "taken"),
    Index("app_span_by_way", "way", "began"),
)
"""What apps said of their own work: names, times and counts, no text of a prompt or of a person."""

CALL_TRACE = Table(
    "model_call_trace",
    METADATA,
    Column("call", String(40), primary_key=True),
    Column("trace", String(32), nullable=False),
    Column("parent", String(16), nullable=False),
    Column("at", String(32), nullable=False),
    Index("model_call_trace_by_trace", "trace"),
    Index("model_call_trace_by_time", "at"),
)
"""The trace that a call's caller named, and the span in which it called."""
