"""Audiences that name the company's groups."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.add_column("app", sa.Column("named_groups", sa.JSON))
