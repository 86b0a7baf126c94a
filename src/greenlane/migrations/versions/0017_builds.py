"""Builds: what was asked for, how it went, and which upload came of it."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "build",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("app", sa.Text, sa.ForeignKey("app.name"), nullable=False),
        sa.Column("upload", sa.String(40), sa.ForeignKey("upload.id"), nullable=False),
        sa.Column("person", sa.String(40), nullable=False),
        sa.Column("process", sa.String(40), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("plan", sa.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made", sa.String(40)),
        sa.Column("outcome", sa.JSON),
        sa.Column("log", sa.String(80)),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("ended_at", sa.String(32)),
    )
    op.create_index("build_by_app", "build", ["app", "created_at"])
    op.create_index("build_by_state", "build", ["state"])
