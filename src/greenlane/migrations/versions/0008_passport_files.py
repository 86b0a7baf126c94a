"""Passports as files that the edge serves by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "passport_file",
        sa.Column("deploy", sa.String(20), sa.ForeignKey("deploy.id"), primary_key=True),
        sa.Column("blob", sa.String(80), nullable=False),
    )
