"""What a call was charged at first, once it was priced anew."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0032"


def upgrade() -> None:
    op.add_column("model_call", sa.Column("corrected", sa.JSON))
