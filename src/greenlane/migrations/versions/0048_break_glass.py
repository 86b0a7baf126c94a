"""When owners came in around the company's sign-in, and drills of it."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    op.create_table(
        "break_glass_use",
        sa.Column("action", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("drill", sa.Boolean, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
    )
    op.create_index("break_glass_use_by_person", "break_glass_use", ["person", "at"])
    op.create_table(
        "break_glass_drill",
        sa.Column("action", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("announced_by", sa.Text, nullable=False),
        sa.Column("until", sa.Text, nullable=False),
        sa.Column("held", sa.Text),
    )
    op.create_index("break_glass_drill_by_person", "break_glass_drill", ["person", "until"])
