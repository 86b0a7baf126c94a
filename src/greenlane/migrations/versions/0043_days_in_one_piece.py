"""On SQLite the sums by day lie in the order of their key, so that a range of days is read in one piece."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"

KEYS = (
    *(("day", 10), ("app", 80), ("environment", 16), ("team", 40), ("person", 40), ("run", 40)),
    *(("provider", 40), ("model", 200)),
)
NUMBERS = ("calls", "refused", "open", "pico", "read", "written")


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.rename_table("model_call_day", "model_call_day_before")
    made = op.create_table(
        "model_call_day",
        *(sa.Column(name, sa.String(length), primary_key=True) for name, length in KEYS),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in NUMBERS),
        sqlite_with_rowid=False,
    )
    names = [*(name for name, _ in KEYS), *NUMBERS]
    before = sa.table("model_call_day_before", *(sa.column(name) for name in names))
    op.execute(made.insert().from_select(names, sa.select(*(before.c[name] for name in names))))
    op.drop_table("model_call_day_before")
