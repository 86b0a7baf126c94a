"""Providers and routes say how long silence is borne before somebody else is asked."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    for table in ("model_provider", "model_route"):
        op.add_column(table, sa.Column("timeout", sa.Integer, nullable=False, server_default="0"))
