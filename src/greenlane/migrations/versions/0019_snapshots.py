"""Snapshots of what apps store."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "snapshot",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("app", sa.String(63), sa.ForeignKey("app.name"), nullable=False),
        sa.Column("environment", sa.String(16), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("verb", sa.String(32), nullable=False),
        sa.Column("deploy", sa.String(20)),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("files", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(71), nullable=False),
        sa.Column("made_at", sa.String(32), nullable=False),
        sa.Column("gone_at", sa.String(32)),
    )
    op.create_index("snapshot_by_app", "snapshot", ["app", "environment"])
