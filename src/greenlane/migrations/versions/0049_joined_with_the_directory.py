"""Whom a directory takes over who was here before it."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    op.create_table(
        "directory_join",
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("directory", sa.Text, sa.ForeignKey("directory.id"), nullable=False),
        sa.Column("known_as", sa.Text, nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.UniqueConstraint("directory", "user_name"),
    )
