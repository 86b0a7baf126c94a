"""What the organisation is called."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert

from greenlane.govern.effect import Context, Outcome
from greenlane.identity.actions import NameOrganisation
from greenlane.identity.tables import ORGANISATION_NAME
from greenlane.kit.clock import stamp


def name_organisation(action: NameOrganisation, context: Context, before: str) -> Outcome:
    """Another name, or none."""

    def rows(connection: Connection) -> None:
        connection.execute(delete(ORGANISATION_NAME))
        if action.name:
            since = stamp(context.now)
            connection.execute(
                insert(ORGANISATION_NAME).values(name=action.name, action=context.action_id, since=since)
            )

    return Outcome(rows, happened={"before": before})
