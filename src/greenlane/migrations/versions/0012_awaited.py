"""Whom a request waits for, the other way round; and requests by their author and by whoever decided them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "awaited",
        sa.Column("person", sa.String(40), primary_key=True),
        sa.Column("since", sa.String(32), primary_key=True),
        sa.Column("request", sa.String(40), primary_key=True),
        sa.Column("verb", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("awaited_by_request", "awaited", ["request"])
    op.create_index("request_by_author", "request", ["author", "created_at"])
    op.create_index("request_by_decider", "request", ["decided_by", "decided_at"])
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    """What waits already, on the day of this step."""
    same = ("id", "verb", "subject", "state", "created_at")
    request = sa.table("request", *map(sa.column, same), sa.column("asked", sa.JSON))
    awaited = sa.table("awaited", *map(sa.column, ("person", "since", "request", "verb", "subject")))
    for row in connection.execute(sa.select(request).where(request.c.state == "waiting")).all():
        values = {"since": row.created_at, "request": row.id, "verb": row.verb, "subject": row.subject}
        for person in sorted(set(row.asked)):
            connection.execute(sa.insert(awaited).values(person=person, **values))
