"""Uploads, deploys, placements, preview tokens, and what was learnt about each."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("person", sa.String(40), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("archive", sa.JSON),
        sa.Column("inspection", sa.JSON),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("noted_at", sa.String(32)),
    )
    op.create_index("upload_by_state", "upload", ["state", "created_at"])
    op.create_table(
        "deploy",
        sa.Column("id", sa.String(20), primary_key=True),
        sa.Column("app", sa.Text, sa.ForeignKey("app.name"), nullable=False),
        sa.Column("artifact", sa.String(80), nullable=False),
        sa.Column("passport", sa.String(80), nullable=False),
        sa.Column("sbom", sa.String(80), nullable=False),
        sa.Column("process", sa.String(40), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("author", sa.String(40)),
        sa.Column("made_by_agent", sa.Boolean, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("reach", sa.JSON, nullable=False),
        sa.Column("findings", sa.JSON, nullable=False),
        sa.Column("files", sa.Integer, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
    )
    op.create_index("deploy_by_app", "deploy", ["app", "created_at"])
    op.create_table(
        "placement",
        sa.Column("action", sa.String(40), primary_key=True),
        sa.Column("app", sa.Text, sa.ForeignKey("app.name"), nullable=False),
        sa.Column("environment", sa.String(20), nullable=False),
        sa.Column("deploy", sa.String(20), sa.ForeignKey("deploy.id"), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )
    op.create_index("placement_by_app", "placement", ["app", "environment", "at"])
    op.create_table(
        "preview_token",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("app", sa.Text, sa.ForeignKey("app.name"), nullable=False),
        sa.Column("deploy", sa.String(20), sa.ForeignKey("deploy.id"), nullable=False),
        sa.Column("made_by", sa.String(40), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.String(32), nullable=False),
        sa.Column("revoked_at", sa.String(32)),
    )
    op.create_index("preview_token_by_deploy", "preview_token", ["deploy"])
    op.create_table(
        "wanted_host",
        sa.Column("deploy", sa.String(20), sa.ForeignKey("deploy.id"), primary_key=True),
        sa.Column("directive", sa.String(20), primary_key=True),
        sa.Column("host", sa.String(255), primary_key=True),
        sa.Column("first_seen", sa.String(32), nullable=False),
    )
    op.create_table(
        "opened",
        sa.Column("app", sa.Text, sa.ForeignKey("app.name"), primary_key=True),
        sa.Column("last_at", sa.String(32), nullable=False),
        sa.Column("asked_at", sa.String(32)),
        sa.Column("expires_unused", sa.Boolean, nullable=False),
    )
    op.create_table(
        "widening",
        sa.Column("app", sa.Text, sa.ForeignKey("app.name"), primary_key=True),
        sa.Column("rung", sa.String(16), nullable=False),
        sa.Column("due_at", sa.String(32), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
    )
    op.create_table(
        "look",
        sa.Column("about", sa.String(40), primary_key=True),
        sa.Column("app", sa.Text, sa.ForeignKey("app.name"), nullable=False),
        sa.Column("asked", sa.JSON, nullable=False),
        sa.Column("asked_at", sa.String(32), nullable=False),
        sa.Column("verdict", sa.String(16)),
        sa.Column("answered_by", sa.String(40)),
        sa.Column("answered_at", sa.String(32)),
    )
    op.create_table(
        "inspected",
        sa.Column("key", sa.String(120), primary_key=True),
        sa.Column("facts", sa.JSON, nullable=False),
    )
