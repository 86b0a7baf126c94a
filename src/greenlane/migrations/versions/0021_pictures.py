"""What previews look like."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "picture",
        sa.Column("deploy", sa.String(20), sa.ForeignKey("deploy.id"), primary_key=True),
        sa.Column("blob", sa.String(80)),
        sa.Column("why", sa.String(200), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )
