"""Rules by which calls to models were decided."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0028a"


def upgrade() -> None:
    op.create_table(
        "model_rules",
        sa.Column("digest", sa.String(71), primary_key=True),
        sa.Column("rules", sa.JSON, nullable=False),
        sa.Column("told_in", sa.Text, nullable=False),
    )
