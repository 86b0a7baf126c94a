"""Findings that were called false alarms."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "false_alarm",
        sa.Column("app", sa.Text, sa.ForeignKey("app.name"), primary_key=True),
        sa.Column("mark", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(200), primary_key=True),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("person", sa.String(40)),
        sa.Column("reviewed", sa.Boolean, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )
