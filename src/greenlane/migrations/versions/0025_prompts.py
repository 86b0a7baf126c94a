"""Prompts that a person let through, and what rules about data say of answers and countries."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("model_data_rule", sa.Column("answers", sa.String(8)))
    op.add_column("model_data_rule", sa.Column("countries", sa.JSON))
    op.create_table(
        "prompt_let_through",
        sa.Column("action", sa.String(60), primary_key=True),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("prompt", sa.String(80), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("expires", sa.String(32), nullable=False),
    )
    op.create_index("prompt_let_through_by_time", "prompt_let_through", ["expires"])
