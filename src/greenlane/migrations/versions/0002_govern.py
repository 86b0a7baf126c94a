"""Actions, requests, envelopes and policy packs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "action",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("verb", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("process", sa.String(40), nullable=False),
        sa.Column("cause", sa.String(40)),
        sa.Column("actor", sa.JSON, nullable=False),
        sa.Column("person", sa.String(40)),
        sa.Column("agent", sa.String(40)),
        sa.Column("shape", sa.String(200), nullable=False),
        sa.Column("inputs", sa.JSON, nullable=False),
        sa.Column("payload", sa.String(80)),
        sa.Column("digest", sa.String(80), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("decided", sa.JSON, nullable=False),
        sa.Column("lane", sa.String(8), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("answer", sa.JSON),
        sa.Column("decided_at", sa.String(32), nullable=False),
        sa.Column("settled_at", sa.String(32)),
    )
    op.create_index("action_by_person", "action", ["person", "decided_at"])
    op.create_index("action_by_state", "action", ["state", "decided_at"])
    op.create_index("action_by_subject", "action", ["subject", "decided_at"])
    op.create_index("action_by_time", "action", ["decided_at"])
    op.create_table(
        "request",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("verb", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("process", sa.String(40), nullable=False),
        sa.Column("author", sa.String(40)),
        sa.Column("made_by_agent", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(80), nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("asked", sa.JSON, nullable=False),
        sa.Column("escalated", sa.Integer, nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("due_at", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.String(32), nullable=False),
        sa.Column("decided_by", sa.String(40)),
        sa.Column("decided_at", sa.String(32)),
        sa.Column("because", sa.String(80)),
        sa.Column("unreviewed", sa.Boolean, nullable=False),
    )
    op.create_index("request_by_state", "request", ["state", "created_at"])
    op.create_index("request_by_subject", "request", ["subject", "state"])
    op.create_table(
        "envelope",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("terms", sa.JSON, nullable=False),
        sa.Column("until", sa.String(32), nullable=False),
        sa.Column("request", sa.String(40), nullable=False),
        sa.Column("granted_by", sa.String(40), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("ended_at", sa.String(32)),
    )
    op.create_index("envelope_by_subject", "envelope", ["subject"])
    op.create_table(
        "policy_pack",
        sa.Column("digest", sa.String(80), primary_key=True),
        sa.Column("texts", sa.JSON, nullable=False),
        sa.Column("in_force_since", sa.String(32), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
