"""The door's own rows: actions under way, requests that wait for a person, envelopes, and the packs that decided."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, Text, and_, literal_column

from greenlane.kit.database import METADATA

action = Table(
    "action",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("verb", String(64), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("process", String(40), nullable=False),
    Column("cause", String(40)),
    Column("actor", JSON, nullable=False),
    Column("person", String(40)),
    Column("agent", String(40)),
    Column("shape", String(200), nullable=False),
    Column("inputs", JSON, nullable=False),
    Column("payload", String(80)),
    Column("digest", String(80), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("decided", JSON, nullable=False),
    Column("lane", String(8), nullable=False),
    Column("state", String(16), nullable=False),
    Column("answer", JSON),
    Column("decided_at", String(32), nullable=False),
    Column("settled_at", String(32)),
    Index("action_by_person", "person", "decided_at"),
    Index("action_by_subject", "subject", "decided_at"),
    Index("action_by_time", "decided_at"),
    Index("action_by_author", "person", "state", "verb", "subject"),
)
"""One row an action. state: decided, done, failed, waiting, refused, interrupted. The receipts are the record.

There is no index by state: nearly everything is done, and a database without statistics would read all of it.
"""

UNSETTLED = literal_column("state") == literal_column("'decided'")
"""Written into the query for what is not settled, word for word, so that the database sees that the index serves it."""

Index("action_unsettled", action.c.decided_at, sqlite_where=UNSETTLED, postgresql_where=UNSETTLED)

ROLLED_BACK = and_(
    literal_column("verb") == literal_column("'rollback'"), literal_column("state") == literal_column("'done'")
)
"""Written into the query for what was rolled back, word for word, for the same reason."""

Index("action_rolled_back", action.c.subject, sqlite_where=ROLLED_BACK, postgresql_where=ROLLED_BACK)

request = Table(
    "request",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("action", String(40), nullable=False),
    Column("verb", String(64), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("process", String(40), nullable=False),
    Column("author", String(40)),
    Column("made_by_agent", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("digest", String(80), nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("asked", JSON, nullable=False),
    Column("escalated", Integer, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("due_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=False),
    Column("decided_by", String(40)),
    Column("decided_at", String(32)),
    Column("because", String(80)),
    Column("unreviewed", Boolean, nullable=False),
    Index("request_by_author", "author", "created_at"),
    Index("request_by_decider", "decided_by", "decided_at"),
    Index("request_by_state", "state", "created_at"),
    Index("request_by_subject", "subject", "state"),
)
"""One row a question to a person. state: waiting, approved, declined, sent-back, withdrawn, expired. ``because`` is the
digest of the payload that holds the words."""

awaited = Table(
    "awaited",
    METADATA,
    Column("person", String(40), primary_key=True),
    Column("since", String(32), primary_key=True),
    Column("request", String(40), primary_key=True),
    Column("verb", String(64), nullable=False),
    Column("subject", String(200), nullable=False),
    Index("awaited_by_request", "request"),
    sqlite_with_rowid=False,
)
"""Whom a request waits for, a row each, only while it does. Made from ``request``, beside every change of it."""

envelope = Table(
    "envelope",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("subject", String(200), nullable=False),
    Column("terms", JSON, nullable=False),
    Column("until", String(32), nullable=False),
    Column("request", String(40), nullable=False),
    Column("granted_by", String(40), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("ended_at", String(32)),
    Index("envelope_by_subject", "subject"),
)
"""What an approval covers: inside it later publishes are green."""

policy_pack = Table(
    "policy_pack",
    METADATA,
    Column("digest", String(80), primary_key=True),
    Column("texts", JSON, nullable=False),
    Column("in_force_since", String(32), nullable=False),
    Column("note", Text, nullable=False),
)
"""Every pack that ever decided something, so that each decision can be made again."""
