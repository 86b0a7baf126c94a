"""Alerts about calls to models."""

import sqlalchemy as sa
from alembic import op

revision = "0028a"
down_revision = "0028"


def upgrade() -> None:
    op.create_table(
        "model_alert",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("what", sa.String(24), nullable=False),
        sa.Column("about", sa.String(340), nullable=False),
        sa.Column("account", sa.String(160), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("says", sa.Text, nullable=False),
        sa.Column("people", sa.JSON, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("until", sa.String(32), nullable=False),
        sa.Column("dismissed", sa.String(32), nullable=False),
    )
    op.create_index("model_alert_by_time", "model_alert", ["at"])
