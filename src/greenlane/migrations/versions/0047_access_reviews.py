"""Access reviews, and the rights that they are about."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    op.create_table(
        "access_review",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("reviewers", sa.JSON, nullable=False),
        sa.Column("started_by", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("process", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("started", sa.Text, nullable=False),
        sa.Column("due", sa.Text, nullable=False),
        sa.Column("reminded", sa.BigInteger, nullable=False),
        sa.Column("closed", sa.Text),
        sa.Column("closed_by", sa.Text),
    )
    op.create_index("access_review_by_started", "access_review", ["started"])
    op.create_table(
        "reviewed_right",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("review", sa.Text, sa.ForeignKey("access_review.id"), nullable=False),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("frozen", sa.JSON, nullable=False),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("inputs", sa.JSON, nullable=False),
        sa.Column("decided", sa.Text, nullable=False),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", sa.Text),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("action", sa.Text),
        sa.Column("removed", sa.Text),
        sa.Column("trouble", sa.Text, nullable=False),
    )
    op.create_index("reviewed_right_by_review", "reviewed_right", ["review", "place"])
    op.create_index("reviewed_right_by_person", "reviewed_right", ["person"])
