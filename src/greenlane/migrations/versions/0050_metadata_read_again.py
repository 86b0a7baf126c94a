"""When metadata of SAML providers were read by themselves, and what was told of them."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    op.create_table(
        "metadata_reading",
        sa.Column("provider", sa.Text, sa.ForeignKey("identity_provider.id"), primary_key=True),
        sa.Column("read", sa.Text),
        sa.Column("due", sa.Text, nullable=False),
        sa.Column("missed", sa.Integer, nullable=False),
        sa.Column("told", sa.Text, nullable=False),
    )
