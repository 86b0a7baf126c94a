"""What an agent's action uses up of what it was lent, written with the decision: of two at once, one is too late."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, or_, update

from greenlane.govern.call import Call
from greenlane.govern.errors import Refused
from greenlane.identity import roles
from greenlane.identity.delegation import confirming
from greenlane.identity.delegation.tables import DELEGATION


def takes(connection: Connection, call: Call, now: datetime) -> None:
    """Count an action that a grant carries, and use up what its person allowed once. Raises ``Refused`` where that is gone."""
    if call.actor.kind != "agent":
        return
    if call.verb.name in roles.WITH_A_PERSON and not confirming.use(connection, call.actor, call.digest, now):
        raise Refused("Your person allowed this once, and it was done.", next_step="Ask again for another time.")
    if not (call.actor.credential or "").startswith("dlg_"):
        return
    left = or_(DELEGATION.c.budget == 0, DELEGATION.c.used < DELEGATION.c.budget)
    counted = update(DELEGATION).where(DELEGATION.c.id == call.actor.credential, left)
    if connection.execute(counted.values(used=DELEGATION.c.used + 1)).rowcount != 1:
        raise Refused(
            "The grant was for fewer actions, and they are used up.",
            next_step="Ask your person for a new grant: greenlane agents lend.",
        )
