"""The ledger: receipts, tiles, checkpoints, payloads, and the triggers that keep the first two append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

SQLITE_REFUSES = """
CREATE TRIGGER {table}_refuses_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
"""

POSTGRESQL_FUNCTION = """
CREATE FUNCTION ledger_refuses() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$
"""

POSTGRESQL_REFUSES = """
CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses()
"""


def upgrade() -> None:
    op.create_table(
        "receipt",
        sa.Column("seq", SEQ, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text) for name in ("action", "verb", "subject", "person", "process", "lane")),
        sa.Column("half", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.Column("bytes", sa.LargeBinary, nullable=False),
    )
    op.create_index("receipt_by_action", "receipt", ["action"])
    for name in ("verb", "subject", "person", "process"):
        op.create_index(f"receipt_by_{name}", "receipt", [name, "seq"])
    not_green = sa.text("lane != 'green'")
    op.create_index("receipt_by_lane", "receipt", ["lane", "seq"], sqlite_where=not_green, postgresql_where=not_green)
    op.create_table(
        "tile",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", SEQ, primary_key=True, autoincrement=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
    )
    for name in ("checkpoint", "cosigned"):
        op.create_table(
            name,
            sa.Column("size", SEQ, primary_key=True, autoincrement=False),
            sa.Column("note", sa.Text, nullable=False),
        )
    op.create_table(
        "payload",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("nonce", sa.LargeBinary),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("forgotten", sa.Text),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE receipt ALTER COLUMN bytes SET STORAGE EXTERNAL")
        op.execute(POSTGRESQL_FUNCTION)
        for table in ("receipt", "tile"):
            op.execute(POSTGRESQL_REFUSES.format(table=table))
    else:
        for table in ("receipt", "tile"):
            for verb in ("UPDATE", "DELETE"):
                op.execute(SQLITE_REFUSES.format(table=table, verb=verb))


def downgrade() -> None:
    raise NotImplementedError("a ledger is never taken back")
