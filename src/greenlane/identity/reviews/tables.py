"""Access reviews and the rights that they are about."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Table, Text

from greenlane.kit.database import METADATA

ACCESS_REVIEW = Table(
    "access_review",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("scope", Text, nullable=False),  # organisation, team:t_… or app:NAME
    Column("reviewers", JSON, nullable=False),
    Column("started_by", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("process", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("started", Text, nullable=False),
    Column("due", Text, nullable=False),
    Column("reminded", BigInteger, nullable=False),
    Column("closed", Text),
    Column("closed_by", Text),
    Index("access_review_by_started", "started"),
)
"""Reviews. ``digest`` is that of the frozen list; ``reminded`` counts the reminders that were sent."""

REVIEWED_RIGHT = Table(
    "reviewed_right",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("review", Text, ForeignKey("access_review.id"), nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("person", Text, nullable=False),
    Column("frozen", JSON, nullable=False),
    Column("verb", Text, nullable=False),
    Column("inputs", JSON, nullable=False),
    Column("decided", Text, nullable=False),  # empty, keep or remove
    Column("decided_by", Text),
    Column("decided_at", Text),
    Column("because", Text, nullable=False),
    Column("action", Text),
    Column("removed", Text),
    Column("trouble", Text, nullable=False),
    Index("reviewed_right_by_review", "review", "place"),
    Index("reviewed_right_by_person", "person"),
)
"""The rights of a review as they were when it started. ``verb`` and ``inputs`` take the right away; a verb is missing
where something outside gives it. ``removed`` is the action that took it away, ``trouble`` why that was not possible."""
