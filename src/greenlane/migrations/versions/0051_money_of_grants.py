"""What model calls under a grant may cost."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    op.add_column("delegation", sa.Column("money", sa.BigInteger, nullable=False, server_default="0"))
