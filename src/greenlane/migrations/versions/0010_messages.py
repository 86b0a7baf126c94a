"""What leaves by mail and webhook, who chose what, and what the organisation is called."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "organisation_name",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
    )
    op.create_table(
        "mail_choice",
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("since", sa.String(32), nullable=False),
    )
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("about", sa.JSON, nullable=False),
        sa.Column("sealed_url", sa.LargeBinary),
        sa.Column("sealed_secret", sa.LargeBinary),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("removed", sa.String(32)),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("way", sa.String(8), nullable=False),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id")),
        sa.Column("webhook", sa.String(40), sa.ForeignKey("webhook.id")),
        sa.Column("seq", sa.BigInteger),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_at", sa.String(32), nullable=False),
        sa.Column("trouble", sa.String(200), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("ended_at", sa.String(32)),
        sa.Column("noted", sa.Boolean, nullable=False),
    )
    op.create_index("message_by_state", "message", ["state", "noted", "next_at"])
    op.create_index("message_by_webhook", "message", ["webhook", "at"])
