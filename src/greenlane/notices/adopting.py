"""Webhooks whose address and secret were sealed before there were data keys, sealed anew under one."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from greenlane.govern.effect import Rows
from greenlane.kit.database import Database
from greenlane.notices.queries import sealed_place
from greenlane.notices.tables import WEBHOOK
from greenlane.secrets.sealing import Sealing, is_wrapped


def adopted(database: Database, sealing: Sealing) -> tuple[int, Rows]:
    """How many webhooks lie as they did before data keys, and the rows that seal them anew."""
    with database.read() as connection:
        found = connection.execute(select(WEBHOOK).where(WEBHOOK.c.removed.is_(None))).all()
    fresh = {}
    for row in found:
        sealed = {"url": row.sealed_url, "secret": row.sealed_secret}
        if not all(map(is_wrapped, sealed.values())):
            values = {what: sealing.open(bytes, sealed_place(row.id, what)) for what, bytes in sealed.items()}
            fresh[row.id] = {
                f"sealed_{what}": sealing.seal(value, sealed_place(row.id, what)) for what, value in values.items()
            }

    def write(connection: Connection) -> None:
        for webhook, sealed in fresh.items():
            connection.execute(
                update(WEBHOOK).where(WEBHOOK.c.id == webhook, WEBHOOK.c.removed.is_(None)).values(**sealed)
            )

    return len(fresh), write
