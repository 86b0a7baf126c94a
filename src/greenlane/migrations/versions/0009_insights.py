"""What is counted from the receipts for pages that tell of many, and what an author's record is counted by."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_index("action_by_author", "action", ["person", "state", "verb", "subject"])
    op.create_table(
        "tally",
        sa.Column("kind", sa.String(24), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "asked",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("request", sa.String(40), nullable=False),
        sa.Column("verb", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("policies", sa.JSON, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("outcome", sa.String(16)),
        sa.Column("waited_ms", sa.BigInteger),
        sa.Column("deploy", sa.String(20)),
        sa.Column("undone_at", sa.String(32)),
    )
    op.create_index("asked_by_request", "asked", ["request", "seq"])
    op.create_index("asked_by_subject", "asked", ["subject", "seq"])
    op.create_index("asked_by_outcome", "asked", ["outcome", "at"])
    op.create_table(
        "streak",
        sa.Column("policy", sa.Text, primary_key=True),
        sa.Column("approved", sa.BigInteger, nullable=False),
        sa.Column("since", sa.String(32), nullable=False),
    )
    op.create_table(
        "refused",
        sa.Column("action", sa.String(40), primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False, unique=True),
        sa.Column("verb", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("next", sa.String(64)),
        sa.Column("next_seconds", sa.BigInteger),
    )
    op.create_table(
        "went_live",
        sa.Column("process", sa.String(40), primary_key=True),
        sa.Column("app", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("seconds", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "spot",
        sa.Column("app", sa.Text, primary_key=True),
        sa.Column("rung", sa.String(16), nullable=False),
        sa.Column("data_classes", sa.JSON, nullable=False),
        sa.Column("personal", sa.Boolean, nullable=False),
        sa.Column("unreviewed", sa.Boolean, nullable=False),
        sa.Column("credential_at", sa.String(32)),
    )
    op.create_table(
        "agent_receipt",
        sa.Column("agent", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("lane", sa.Text),
        sa.Column("half", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "held_receipt",
        sa.Column("lane", sa.Text, primary_key=True),
        sa.Column("verb", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("half", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tallied",
        sa.Column("reader", sa.String(16), primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )
