"""A provider that imitates OpenAI may serve responses itself."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.add_column("model_provider", sa.Column("responses", sa.Boolean, nullable=False, server_default=sa.false()))
