"""What is looked up by an owner or by an app is found by an index; and what is not settled yet, without what is."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    unsettled = sa.text("state = 'decided'")
    op.drop_index("action_by_state", "action")
    op.create_index("action_unsettled", "action", ["decided_at"], sqlite_where=unsettled, postgresql_where=unsettled)
    op.create_index("app_by_owner", "app", ["owner"])
    op.create_index("domain_by_app", "domain", ["app"])
    op.create_index("preview_token_by_app", "preview_token", ["app"])
