"""Who comes in beside an app's audience: guests, and whoever holds a share link."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "guest",
        sa.Column("app", sa.Text, sa.ForeignKey("app.name"), primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
    )
    op.create_table(
        "share_link",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("secret", sa.Text, nullable=False, unique=True),
        sa.Column("app", sa.Text, sa.ForeignKey("app.name"), nullable=False),
        sa.Column("meant_for", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("expires", sa.Text, nullable=False),
    )
    op.create_index("share_link_by_app", "share_link", ["app"])
