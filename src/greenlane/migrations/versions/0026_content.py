"""What was said in calls to models, sealed."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "model_content",
        sa.Column("call", sa.String(40), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("expires", sa.String(32), nullable=False),
    )
    op.create_index("model_content_by_time", "model_content", ["expires"])
