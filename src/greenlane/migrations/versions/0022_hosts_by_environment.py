"""A host that an app may call can be declared for one environment alone; those before count everywhere."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    connection = op.get_bind()
    before = [dict(row) for row in connection.execute(sa.text("SELECT * FROM app_host")).mappings()]
    op.drop_table("app_host")
    made = op.create_table(
        "app_host",
        sa.Column("app", sa.Text, sa.ForeignKey("app.name"), primary_key=True),
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("environment", sa.String(20), primary_key=True),
        sa.Column("directives", sa.JSON, nullable=False),
        sa.Column("declared_by", sa.Text, nullable=False),
    )
    for row in before:
        kept = row["directives"]
        row |= {"environment": "", "directives": json.loads(kept) if isinstance(kept, str) else kept}
        connection.execute(made.insert().values(**row))
