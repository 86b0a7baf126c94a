"""Runs of agents have accounts with a name, keys, and calls of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0029"


def upgrade() -> None:
    op.add_column("budget_account", sa.Column("name", sa.String(80)))
    op.add_column("gateway_key", sa.Column("run", sa.String(40)))
    op.add_column("model_call", sa.Column("run", sa.String(40), nullable=False, server_default=sa.text("''")))
    op.create_index("model_call_by_run", "model_call", ["run", "at"])
