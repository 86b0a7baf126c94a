"""What is looked up by an owner or by an app, or counted, is found by an index; so is the little that matters much."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    unsettled = sa.text("state = 'decided'")
    op.drop_index("action_by_state", "action")
    op.create_index("action_unsettled", "action", ["decided_at"], sqlite_where=unsettled, postgresql_where=unsettled)
    rolled_back = sa.text("verb = 'rollback' AND state = 'done'")
    op.create_index("action_rolled_back", "action", ["subject"], sqlite_where=rolled_back, postgresql_where=rolled_back)
    op.create_index("app_by_owner", "app", ["owner", "state"])
    op.create_index("app_by_kind", "app", ["state", "rung", "team"])
    op.create_index("domain_by_app", "domain", ["app"])
    op.create_index("preview_token_by_app", "preview_token", ["app"])
