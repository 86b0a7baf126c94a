"""Agents that a directory brings are registered agents."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"


def upgrade() -> None:
    op.add_column("agent", sa.Column("unanswered", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("agent", sa.Column("source", sa.Text))
    op.add_column("agent", sa.Column("switched_off", sa.Text))
    op.add_column("agent", sa.Column("let_go", sa.Text))
    op.add_column("directory_agent", sa.Column("agent", sa.Text))
