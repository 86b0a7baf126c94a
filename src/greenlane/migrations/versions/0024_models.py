"""Providers of models and their keys, who may call what, and every call."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "model_provider",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("base_url", sa.Text, nullable=False),
        sa.Column("region", sa.String(40), nullable=False),
        sa.Column("keeps_nothing", sa.Boolean, nullable=False),
        sa.Column("running", sa.Boolean, nullable=False),
        sa.Column("prices", sa.String(40), nullable=False),
        sa.Column("networks", sa.JSON, nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
    )
    op.create_table(
        "model_credential",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("ending", sa.String(8), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("ended", sa.String(32)),
    )
    op.create_index("model_credential_by_provider", "model_credential", ["provider", "created"])
    op.create_table(
        "gateway_key",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("app", sa.String(80), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("expires", sa.String(32)),
        sa.Column("ended", sa.String(32)),
    )
    op.create_index("gateway_key_by_person", "gateway_key", ["person"])
    op.create_table(
        "model_route",
        sa.Column("alias", sa.String(120), primary_key=True),
        sa.Column("targets", sa.JSON, nullable=False),
        sa.Column("otherwise", sa.JSON, nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
    )
    op.create_table(
        "model_account_rule",
        sa.Column("account", sa.String(160), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("says", sa.JSON, nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
    )
    op.create_table(
        "model_data_rule",
        sa.Column("data", sa.String(40), primary_key=True),
        sa.Column("action_taken", sa.String(8), nullable=False),
        sa.Column("regions", sa.JSON),
        sa.Column("keeps_nothing", sa.Boolean, nullable=False),
        sa.Column("pattern", sa.Text, nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
    )
    op.create_table(
        "model_price",
        sa.Column("provider", sa.String(40), primary_key=True),
        sa.Column("model", sa.String(120), primary_key=True),
        sa.Column("prices", sa.JSON, nullable=False),
        sa.Column("since", sa.String(10), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
    )
    op.create_table(
        "model_setting",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("says", sa.String(120), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
    )
    op.create_table(
        "model_call",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("slot", sa.Integer, nullable=False),
        sa.Column("worker", sa.String(40), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("app", sa.String(80), nullable=False),
        sa.Column("environment", sa.String(16), nullable=False),
        sa.Column("deploy", sa.String(40), nullable=False),
        sa.Column("use", sa.String(8), nullable=False),
        sa.Column("team", sa.String(40), nullable=False),
        sa.Column("person", sa.String(40), nullable=False),
        sa.Column("wire", sa.String(40), nullable=False),
        sa.Column("asked", sa.String(200), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("reserved", sa.BigInteger, nullable=False),
        sa.Column("pico", sa.BigInteger, nullable=False),
        sa.Column("micro_cents", sa.BigInteger, nullable=False),
        sa.Column("read", sa.BigInteger, nullable=False),
        sa.Column("written", sa.BigInteger, nullable=False),
        sa.Column("ms", sa.Integer, nullable=False),
        sa.Column("first_ms", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("budgets", sa.JSON, nullable=False),
        sa.Column("begun", sa.JSON, nullable=False),
        sa.Column("ended", sa.JSON, nullable=False),
        sa.Column("begun_in", sa.String(40), nullable=False),
        sa.Column("ended_in", sa.String(40), nullable=False),
    )
    op.create_index("model_call_by_app", "model_call", ["app", "at"])
    op.create_index("model_call_by_day", "model_call", ["day", "app"])
    op.create_index("model_call_by_person", "model_call", ["person", "at"])
    op.create_index("model_call_by_time", "model_call", ["at", "id"])
    op.create_index("model_call_by_worker", "model_call", ["worker", "state"])
    op.create_table(
        "model_worker_life",
        sa.Column("worker", sa.String(40), primary_key=True),
        sa.Column("slot", sa.Integer, nullable=False),
        sa.Column("began", sa.String(32), nullable=False),
        sa.Column("over", sa.Boolean, nullable=False),
    )
    op.create_index("model_worker_life_by_slot", "model_worker_life", ["slot", "over"])
    op.create_table(
        "model_worker_spent",
        sa.Column("worker", sa.String(40), primary_key=True),
        sa.Column("budget", sa.String(40), primary_key=True),
        sa.Column("since", sa.String(32), primary_key=True),
        sa.Column("settled", sa.BigInteger, nullable=False),
        sa.Column("reserved", sa.BigInteger, nullable=False),
    )
