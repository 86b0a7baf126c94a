"""What calls go on with once a soft budget is spent."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.add_column("model_route", sa.Column("when_spent", sa.String(120)))
    op.add_column("budget", sa.Column("instead", sa.String(120)))
