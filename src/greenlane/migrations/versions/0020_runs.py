"""Schedules of functions, and their runs."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "schedule",
        sa.Column("app", sa.Text, sa.ForeignKey("app.name"), primary_key=True),
        sa.Column("environment", sa.String(20), primary_key=True),
        sa.Column("function", sa.String(64), primary_key=True),
        sa.Column("expression", sa.String(200), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("next_at", sa.String(32)),
        sa.Column("paused_by", sa.String(40)),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
    )
    op.create_index("schedule_by_next", "schedule", ["next_at"])
    op.create_table(
        "run",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("app", sa.Text, sa.ForeignKey("app.name"), nullable=False),
        sa.Column("environment", sa.String(20), nullable=False),
        sa.Column("function", sa.String(64), nullable=False),
        sa.Column("deploy", sa.String(20), sa.ForeignKey("deploy.id"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("process", sa.String(40), nullable=False),
        sa.Column("cause", sa.String(40)),
        sa.Column("person", sa.String(40)),
        sa.Column("request", sa.String(80)),
        sa.Column("due_at", sa.String(32), nullable=False),
        sa.Column("next_at", sa.String(32)),
        sa.Column("try_at", sa.String(32), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("missed", sa.Integer, nullable=False),
        sa.Column("began_at", sa.String(32)),
        sa.Column("ended_at", sa.String(32)),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("ms", sa.Integer, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_index("run_by_app", "run", ["app", "due_at"])
    op.create_index("run_by_state", "run", ["state", "try_at"])
