"""Values at every level, sealed under wrapped keys, and who read them. What apps had stays, as it lies."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_BEFORE = """
INSERT INTO kept_value
  (scope, environment, "use", name, version, readable, sealed, person, action, created, valid_until, removed)
SELECT 'app:' || v.app, v.environment, 'run', v.name, v.version, :readable, v.sealed,
  (SELECT a.person FROM action a WHERE a.id = v.action), v.action, v.created, NULL, v.removed
FROM variable v
"""


def upgrade() -> None:
    op.create_table(
        "kept_value",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("environment", sa.Text, primary_key=True),
        sa.Column("use", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("readable", sa.Boolean, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("person", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("valid_until", sa.Text),
        sa.Column("removed", sa.Text),
    )
    op.create_index("kept_value_by_name", "kept_value", ["name"])
    op.create_table(
        "data_key",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("wrapped_by", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("retired", sa.Text),
    )
    op.create_index("data_key_by_scope", "data_key", ["scope"])
    op.create_table(
        "value_read",
        sa.Column("deploy", sa.Text, primary_key=True),
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("environment", sa.Text, primary_key=True),
        sa.Column("use", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("app", sa.Text, nullable=False),
        sa.Column("first", sa.Text, nullable=False),
        sa.Column("last", sa.Text, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
    )
    op.create_index("value_read_by_name", "value_read", ["name", "scope"])
    op.create_index("value_read_by_app", "value_read", ["app"])
    op.get_bind().execute(sa.text(_BEFORE), {"readable": False})
    op.drop_table("variable")
