"""Findings that were called false alarms, and known flaws of packages."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "false_alarm",
        sa.Column("app", sa.Text, sa.ForeignKey("app.name"), primary_key=True),
        sa.Column("mark", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(200), primary_key=True),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("person", sa.String(40)),
        sa.Column("reviewed", sa.Boolean, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )
    op.create_table(
        "advisory",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("ecosystem", sa.String(16), primary_key=True),
        sa.Column("package", sa.String(214), primary_key=True),
        sa.Column("modified", sa.String(40), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("vector", sa.String(200), nullable=False),
        sa.Column("summary", sa.String(300), nullable=False),
        sa.Column("aliases", sa.JSON, nullable=False),
        sa.Column("ranges", sa.JSON, nullable=False),
        sa.Column("versions", sa.JSON, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
    )
    op.create_index("advisory_by_package", "advisory", ["ecosystem", "package"])
    op.create_table(
        "advisory_list",
        sa.Column("action", sa.String(40), primary_key=True),
        sa.Column("came", sa.String(32), nullable=False),
        sa.Column("source", sa.String(300), nullable=False),
        sa.Column("whole", sa.Boolean, nullable=False),
        sa.Column("advisories", sa.JSON, nullable=False),
        sa.Column("newest", sa.JSON, nullable=False),
    )
    op.create_table(
        "flaw_told",
        sa.Column("deploy", sa.String(20), sa.ForeignKey("deploy.id"), primary_key=True),
        sa.Column("advisory", sa.String(64), primary_key=True),
        sa.Column("package", sa.String(214), primary_key=True),
    )
    op.create_table(
        "flaws_looked_at",
        sa.Column("deploy", sa.String(20), sa.ForeignKey("deploy.id"), primary_key=True),
        sa.Column("list", sa.String(40), nullable=False),
    )
