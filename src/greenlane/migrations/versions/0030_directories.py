"""Directories that bring people and groups, and the rules that make roles of groups."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0031"


def upgrade() -> None:
    op.create_table(
        "directory_group",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("changed", sa.Text, nullable=False),
        sa.UniqueConstraint("source", "external_id"),
    )
    op.create_index("directory_group_by_name", "directory_group", ["source", "name"])
    op.create_table(
        "group_member",
        sa.Column("group", sa.Text, sa.ForeignKey("directory_group.id"), primary_key=True),
        sa.Column("member", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
    )
    op.create_index("group_member_by_member", "group_member", ["member", "kind"])
    op.create_table(
        "group_rule",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("group", sa.Text, sa.ForeignKey("directory_group.id"), nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("team", sa.Text, sa.ForeignKey("team.id")),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.UniqueConstraint("group", "role", "scope"),
    )
    op.create_table(
        "directory",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("ended", sa.Text),
    )
    op.create_table(
        "directory_token",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("directory", sa.Text, sa.ForeignKey("directory.id"), nullable=False),
        sa.Column("secret", sa.Text, nullable=False, unique=True),
        sa.Column("shown", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("expires", sa.Text, nullable=False),
        sa.Column("revoked", sa.Text),
        sa.Column("last_used", sa.Text),
    )
    op.create_index("directory_token_by_directory", "directory_token", ["directory"])
    op.create_table(
        "directory_user",
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("directory", sa.Text, sa.ForeignKey("directory.id"), nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text),
        sa.Column("resource", sa.JSON, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("switched_off", sa.Text),
        sa.Column("released", sa.Text),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("changed", sa.Text, nullable=False),
        sa.UniqueConstraint("directory", "user_name"),
    )
    op.create_index("directory_user_by_external_id", "directory_user", ["directory", "external_id"])
    op.create_table(
        "directory_agent",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("directory", sa.Text, sa.ForeignKey("directory.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text),
        sa.Column("resource", sa.JSON, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("changed", sa.Text, nullable=False),
        sa.UniqueConstraint("directory", "name"),
    )
    op.create_table(
        "directory_request",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("directory", sa.Text, sa.ForeignKey("directory.id"), nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("sent", sa.JSON, nullable=False),
        sa.Column("status", sa.BigInteger, nullable=False),
        sa.Column("did", sa.JSON, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_index("directory_request_by_time", "directory_request", ["directory", "at"])
