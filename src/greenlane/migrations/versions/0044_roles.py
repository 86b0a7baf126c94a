"""Roles of the organisation's own, what is kept apart, and who created which app."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    op.create_table(
        "custom_role",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("says", sa.Text, nullable=False),
        sa.Column("rights", sa.JSON, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("changed", sa.Text, nullable=False),
    )
    op.create_table(
        "kept_apart",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("one", sa.Text, nullable=False),
        sa.Column("other", sa.Text, nullable=False),
        sa.Column("days", sa.BigInteger, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.UniqueConstraint("kind", "one", "other"),
    )
    made = op.create_table(
        "creation",
        sa.Column("app", sa.Text, primary_key=True),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("theirs", sa.Boolean, nullable=False),
    )
    op.create_index("creation_by_person", "creation", ["person"])
    app = sa.table("app", *(sa.column(name) for name in ("name", "owner", "created")))
    action = sa.table("action", *(sa.column(name) for name in ("id", "verb", "subject", "person", "state")))
    scope = sa.literal("app:") + app.c.name
    created = sa.select(app.c.name, scope, action.c.person, action.c.id, app.c.created, app.c.owner == action.c.person)
    known = created.join_from(app, action, action.c.subject == scope).where(
        action.c.verb == "create-app", action.c.state == "done", action.c.person.is_not(None)
    )
    op.execute(made.insert().from_select(["app", "scope", "person", "action", "since", "theirs"], known))
