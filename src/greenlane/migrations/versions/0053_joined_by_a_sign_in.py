"""Which provider's sign-in proved who joined a directory by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"


def upgrade() -> None:
    op.add_column("directory_join", sa.Column("proven_by", sa.Text))
