"""The ID token that a provider wants back when somebody signs out there."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    with op.batch_alter_table("provider_session") as table:
        table.add_column(sa.Column("hint", sa.LargeBinary))
