"""Registered agents, what people lend them, and workloads that are trusted."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0034"


def upgrade() -> None:
    op.create_table(
        "agent",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("verbs", sa.JSON, nullable=False),
        sa.Column("key", sa.JSON),
        sa.Column("secret", sa.Text, unique=True),
        sa.Column("shown", sa.Text, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("retired", sa.Text),
    )
    op.create_index("agent_by_person", "agent", ["person"])
    op.create_table(
        "delegation",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("agent", sa.Text, sa.ForeignKey("agent.name"), nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("apps", sa.JSON, nullable=False),
        sa.Column("environments", sa.JSON, nullable=False),
        sa.Column("budget", sa.BigInteger, nullable=False),
        sa.Column("used", sa.BigInteger, nullable=False),
        sa.Column("depth", sa.Integer, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("signed_in", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("expires", sa.Text, nullable=False),
        sa.Column("ended", sa.Text),
    )
    op.create_index("delegation_by_person", "delegation", ["person"])
    op.create_index("delegation_by_agent", "delegation", ["agent"])
    op.create_table(
        "spent_proof",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("until", sa.Text, nullable=False),
    )
    op.create_index("spent_proof_by_time", "spent_proof", ["until"])
    op.create_table(
        "confirmation",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("actor", sa.JSON, nullable=False),
        sa.Column("credential", sa.Text, nullable=False),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("inputs", sa.JSON, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("expires", sa.Text, nullable=False),
        sa.Column("confirmed", sa.Text),
        sa.Column("used", sa.Text),
    )
    op.create_index("confirmation_by_digest", "confirmation", ["digest"])
    op.create_index("confirmation_by_time", "confirmation", ["expires"])
    op.create_table(
        "trusted_workload",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("claims", sa.JSON, nullable=False),
        sa.Column("keys", sa.JSON),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("apps", sa.JSON, nullable=False),
        sa.Column("environments", sa.JSON, nullable=False),
        sa.Column("signed_in", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("ended", sa.Text),
    )
    op.create_index("trusted_workload_by_issuer", "trusted_workload", ["issuer"])
    op.create_index("trusted_workload_by_person", "trusted_workload", ["person"])
