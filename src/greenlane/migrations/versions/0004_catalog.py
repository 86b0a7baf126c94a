"""Apps, their environments, outside hosts and domains."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "app",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("team", sa.Text, sa.ForeignKey("team.id"), nullable=False),
        sa.Column("rung", sa.Text, nullable=False),
        sa.Column("named_people", sa.JSON, nullable=False),
        sa.Column("named_teams", sa.JSON, nullable=False),
        sa.Column("everyone_before", sa.Boolean, nullable=False),
        sa.Column("public_before", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("quota", sa.BigInteger, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
    )
    op.create_index("app_by_team", "app", ["team"])
    op.create_table(
        "environment",
        sa.Column("app", sa.Text, sa.ForeignKey("app.name"), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("live_deploy", sa.Text),
        sa.Column("previous", sa.Text),
        sa.Column("changed_at", sa.Text),
        sa.Column("changed_by", sa.Text),
        sa.Column("locked_by", sa.Text),
        sa.Column("lock_who", sa.Text),
        sa.Column("lock_why", sa.Text),
        sa.Column("lock_until", sa.Text),
    )
    op.create_table(
        "app_host",
        sa.Column("app", sa.Text, sa.ForeignKey("app.name"), primary_key=True),
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("directives", sa.JSON, nullable=False),
        sa.Column("declared_by", sa.Text, nullable=False),
    )
    op.create_table(
        "domain",
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("app", sa.Text, sa.ForeignKey("app.name"), primary_key=True),
        sa.Column("proof", sa.Text, nullable=False),
        sa.Column("claimed_by", sa.Text, nullable=False),
        sa.Column("verified_at", sa.Text),
    )
