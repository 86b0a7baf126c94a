"""Who created an app works on it as a builder, whichever team it is in, as long as it is theirs.

It counts only while they build anywhere at all (``queries.rights``), and ends when the app is handed to somebody else.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, update

from greenlane.identity.tables import CREATION
from greenlane.kit.clock import stamp


def note(connection: Connection, app: str, person: str, action: str, now: datetime) -> None:
    """Somebody created an app."""
    connection.execute(
        insert(CREATION).values(
            app=app, scope=f"app:{app}", person=person, action=action, since=stamp(now), theirs=True
        )
    )


def handed_over(connection: Connection, app: str, owner: str) -> None:
    """An app has an owner: it is its creator's while that is them."""
    connection.execute(update(CREATION).where(CREATION.c.app == app).values(theirs=CREATION.c.person == owner))
