"""Budgets of model calls: accounts, amounts, slices and what was spent by the hour."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "budget_account",
        sa.Column("id", sa.String(160), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("parent", sa.String(160), sa.ForeignKey("budget_account.id")),
        sa.Column("created", sa.String(32), nullable=False),
    )
    op.create_table(
        "budget",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("account", sa.String(160), sa.ForeignKey("budget_account.id"), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("period", sa.String(8), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("hard", sa.Boolean, nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("ended", sa.String(32)),
    )
    op.create_index("budget_by_account", "budget", ["account"])
    op.create_table(
        "budget_lease",
        sa.Column("budget", sa.String(40), sa.ForeignKey("budget.id"), primary_key=True),
        sa.Column("since", sa.String(32), primary_key=True),
        sa.Column("worker", sa.String(40), primary_key=True),
        sa.Column("granted", sa.BigInteger, nullable=False),
        sa.Column("spent", sa.BigInteger, nullable=False),
        sa.Column("released", sa.BigInteger, nullable=False),
        sa.Column("buried", sa.Boolean, nullable=False),
    )
    op.create_index("budget_lease_by_worker", "budget_lease", ["worker"])
    op.create_table(
        "budget_hour",
        sa.Column("budget", sa.String(40), sa.ForeignKey("budget.id"), primary_key=True),
        sa.Column("hour", sa.String(32), primary_key=True),
        sa.Column("spent", sa.BigInteger, nullable=False),
    )
