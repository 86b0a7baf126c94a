"""Passwords, passkeys, recovery codes, how often somebody tried, and what a session was opened with."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("session", sa.Column("device", sa.Text))
    op.add_column("session", sa.Column("last_seen", sa.Text))
    op.create_table(
        "password",
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("vouched_by", sa.Text),
        sa.Column("created", sa.Text, nullable=False),
    )
    op.create_table(
        "passkey",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("credential", sa.Text, nullable=False, unique=True),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("uses", sa.BigInteger, nullable=False),
        sa.Column("verifies", sa.Boolean, nullable=False),
        sa.Column("synced", sa.Boolean, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("vouched_by", sa.Text),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("last_used", sa.Text),
    )
    op.create_index("passkey_by_person", "passkey", ["person"])
    op.create_table(
        "passkey_challenge",
        sa.Column("challenge", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id")),
        sa.Column("expires", sa.Text, nullable=False),
    )
    op.create_index("passkey_challenge_by_expires", "passkey_challenge", ["expires"])
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("secret", sa.Text, nullable=False, unique=True),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("vouched_by", sa.Text),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("used", sa.Text),
    )
    op.create_index("recovery_code_by_person", "recovery_code", ["person"])
    op.create_table(
        "sign_in_attempt",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("failures", sa.BigInteger, nullable=False),
        sa.Column("last", sa.Text, nullable=False),
        sa.Column("free", sa.Text, nullable=False),
    )
    op.create_index("sign_in_attempt_by_last", "sign_in_attempt", ["last"])
