"""Terminals that ask to sign in."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.create_table(
        "login",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("secret", sa.Text, unique=True),
        sa.Column("user_code", sa.Text, unique=True),
        sa.Column("redirect", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("challenge", sa.Text, nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("expires", sa.Text, nullable=False),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id")),
        sa.Column("session", sa.Text),
        sa.Column("action", sa.Text),
        sa.Column("allowed", sa.Text),
        sa.Column("refused", sa.Text),
        sa.Column("fetched", sa.Text),
        sa.Column("polled", sa.Text),
        sa.Column("every", sa.Integer, nullable=False),
    )
    op.create_index("login_by_expires", "login", ["expires"])
    op.create_index("login_by_address", "login", ["address"])
