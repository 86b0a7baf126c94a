"""Where sessions are, in which browser, and when they end at the latest."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    for name in ("ends", "address", "browser"):
        op.add_column("session", sa.Column(name, sa.Text))
