"""What was counted from the receipts, and how far they were read. Everything here can be thrown away and made again."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, String, Table, Text

from greenlane.kit.database import METADATA

TALLY = Table(
    "tally",
    METADATA,
    Column("kind", String(24), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""How often something happened on a day (UTC, ``2026-01-31``); for the kinds ``spent-...`` how many micros."""

ASKED = Table(
    "asked",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("request", String(40), nullable=False),
    Column("verb", String(64), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("policies", JSON, nullable=False),
    Column("at", String(32), nullable=False),
    Column("outcome", String(16)),
    Column("waited_ms", BigInteger),
    Column("deploy", String(20)),
    Column("undone_at", String(32)),
    Index("asked_by_request", "request", "seq"),
    Index("asked_by_subject", "subject", "seq"),
    Index("asked_by_outcome", "outcome", "at"),
)
"""Each time that people were asked, by the receipt that asked. ``outcome`` is empty while it waits; ``deploy`` is what
went live because of the answer, and ``undone_at`` when that was rolled back."""

STREAK = Table(
    "streak",
    METADATA,
    Column("policy", Text, primary_key=True),
    Column("approved", BigInteger, nullable=False),
    Column("since", String(32), nullable=False),
)
"""How often in a row what a policy asked about was approved and not rolled back, and since when."""

REFUSED = Table(
    "refused",
    METADATA,
    Column("action", String(40), primary_key=True),
    Column("seq", BigInteger, nullable=False, unique=True),
    Column("verb", String(64), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("at", String(32), nullable=False),
    Column("next", String(64)),
    Column("next_seconds", BigInteger),
)
"""Each refusal, with what its person did next on the same subject, and after how many seconds."""

WENT_LIVE = Table(
    "went_live",
    METADATA,
    Column("process", String(40), primary_key=True),
    Column("app", Text, nullable=False),
    Column("at", String(32), nullable=False),
    Column("seconds", BigInteger, nullable=False),
)
"""When a piece of work went live for the first time, and how long after it began."""

SPOT = Table(
    "spot",
    METADATA,
    Column("app", Text, primary_key=True),
    Column("rung", String(16), nullable=False),
    Column("data_classes", JSON, nullable=False),
    Column("personal", Boolean, nullable=False),
    Column("unreviewed", Boolean, nullable=False),
    Column("credential_at", String(32)),
)
"""What makes an app worth a look: who may open it, what is live in it, and when a credential was found in it last."""

AGENT_RECEIPT = Table(
    "agent_receipt",
    METADATA,
    Column("agent", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("verb", Text, nullable=False),
    Column("lane", Text),
    Column("half", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Which receipts an agent left, with what else they are looked for by: the ledger's row knows the person alone."""

HELD_RECEIPT = Table(
    "held_receipt",
    METADATA,
    Column("lane", Text, primary_key=True),
    Column("verb", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("half", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Receipts of every lane but green by lane and verb: each alone can be many where the two together are few."""

TALLIED = Table(
    "tallied",
    METADATA,
    Column("reader", String(16), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)
"""The last receipt that was counted, in one row."""
