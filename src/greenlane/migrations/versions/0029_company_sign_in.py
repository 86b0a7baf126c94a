"""The company's own sign-in: providers, whom they know, sign-ins under way, and mail domains."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0030"


def upgrade() -> None:
    op.create_table(
        "identity_provider",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary),
        sa.Column("running", sa.Boolean, nullable=False),
        sa.Column("creates", sa.Boolean, nullable=False),
        sa.Column("groups", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
    )
    op.create_table(
        "identity",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("provider", sa.Text, sa.ForeignKey("identity_provider.id"), nullable=False),
        sa.Column("external", sa.Text, nullable=False),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("last_used", sa.Text),
        sa.UniqueConstraint("provider", "external"),
    )
    op.create_index("identity_by_person", "identity", ["person"])
    op.create_table(
        "pending_sign_in",
        sa.Column("state", sa.Text, primary_key=True),
        sa.Column("provider", sa.Text, sa.ForeignKey("identity_provider.id"), nullable=False),
        sa.Column("browser", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id")),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("page", sa.Text, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("fresh", sa.Text),
        sa.Column("expires", sa.Text, nullable=False),
    )
    op.create_index("pending_sign_in_by_expires", "pending_sign_in", ["expires"])
    op.create_table(
        "spent_message",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("until", sa.Text, nullable=False),
    )
    op.create_index("spent_message_by_until", "spent_message", ["until"])
    op.create_table(
        "provider_session",
        sa.Column("session", sa.Text, sa.ForeignKey("session.id"), primary_key=True),
        sa.Column("identity", sa.Text, sa.ForeignKey("identity.id"), nullable=False),
        sa.Column("sid", sa.Text),
        sa.Column("name_id", sa.Text),
        sa.Column("format", sa.Text),
        sa.Column("qualifiers", sa.JSON),
    )
    op.create_index("provider_session_by_identity", "provider_session", ["identity"])
    op.create_table(
        "mail_domain",
        sa.Column("domain", sa.Text, primary_key=True),
        sa.Column("provider", sa.Text, sa.ForeignKey("identity_provider.id"), nullable=False),
        sa.Column("proof", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("verified", sa.Text),
    )
