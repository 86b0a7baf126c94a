"""What calls cost by day, and by everything that spending is told by."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"

KEYS = ("day", "app", "environment", "team", "person", "run", "provider", "model")


def upgrade() -> None:
    made = op.create_table(
        "model_call_day",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("app", sa.String(80), primary_key=True),
        sa.Column("environment", sa.String(16), primary_key=True),
        sa.Column("team", sa.String(40), primary_key=True),
        sa.Column("person", sa.String(40), primary_key=True),
        sa.Column("run", sa.String(40), primary_key=True),
        sa.Column("provider", sa.String(40), primary_key=True),
        sa.Column("model", sa.String(200), primary_key=True),
        sa.Column("calls", sa.BigInteger, nullable=False),
        sa.Column("refused", sa.BigInteger, nullable=False),
        sa.Column("open", sa.BigInteger, nullable=False),
        sa.Column("pico", sa.BigInteger, nullable=False),
        sa.Column("read", sa.BigInteger, nullable=False),
        sa.Column("written", sa.BigInteger, nullable=False),
    )
    call = sa.table("model_call", *(sa.column(name) for name in (*KEYS, "state", "pico", "read", "written")))
    keys = [call.c[name] for name in KEYS]
    sums = [
        sa.func.sum(sa.case((call.c.state == "refused", 0), else_=1)),
        sa.func.sum(sa.case((call.c.state == "refused", 1), else_=0)),
        sa.func.sum(sa.case((call.c.state == "open", 1), else_=0)),
        *(sa.func.sum(call.c[name]) for name in ("pico", "read", "written")),
    ]
    names = [*KEYS, "calls", "refused", "open", "pico", "read", "written"]
    op.execute(made.insert().from_select(names, sa.select(*keys, *sums).group_by(*keys)))
