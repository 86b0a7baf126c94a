"""Spans of apps, and the traces in which calls to models were made."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_table(
        "app_span",
        sa.Column("source", sa.String(120), primary_key=True),
        sa.Column("trace", sa.String(32), primary_key=True),
        sa.Column("span", sa.String(16), primary_key=True),
        sa.Column("parent", sa.String(16), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("kind", sa.Integer, nullable=False),
        sa.Column("began", sa.String(32), nullable=False),
        sa.Column("us", sa.BigInteger, nullable=False),
        sa.Column("failed", sa.Boolean, nullable=False),
        sa.Column("app", sa.String(80), nullable=False),
        sa.Column("environment", sa.String(16), nullable=False),
        sa.Column("deploy", sa.String(40), nullable=False),
        sa.Column("team", sa.String(40), nullable=False),
        sa.Column("person", sa.String(40), nullable=False),
        sa.Column("provider", sa.String(120), nullable=False),
        sa.Column("model", sa.String(120), nullable=False),
        sa.Column("server", sa.String(160), nullable=False),
        sa.Column("way", sa.String(10), nullable=False),
        sa.Column("read", sa.BigInteger, nullable=False),
        sa.Column("written", sa.BigInteger, nullable=False),
        sa.Column("attributes", sa.JSON, nullable=False),
        sa.Column("taken", sa.String(32), nullable=False),
    )
    op.create_index("app_span_by_trace", "app_span", ["trace"])
    op.create_index("app_span_by_source", "app_span", ["source", "taken"])
    op.create_index("app_span_by_time", "app_span", ["taken"])
    op.create_index("app_span_by_way", "app_span", ["way", "began"])
    op.create_table(
        "model_call_trace",
        sa.Column("call", sa.String(40), primary_key=True),
        sa.Column("trace", sa.String(32), nullable=False),
        sa.Column("parent", sa.String(16), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )
    op.create_index("model_call_trace_by_trace", "model_call_trace", ["trace"])
    op.create_index("model_call_trace_by_time", "model_call_trace", ["at"])
