"""What was sealed before there were data keys, sealed anew under one. Done at every start; mostly there is nothing."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from greenlane.govern.effect import Rows
from greenlane.kit.database import Database
from greenlane.secrets import queries
from greenlane.secrets.sealing import Sealing, is_wrapped
from greenlane.secrets.tables import KEPT_VALUE


def adopted(database: Database, sealing: Sealing) -> tuple[int, Rows]:
    """How many values lie as they did before data keys, and the rows that seal them anew."""
    with database.read() as connection:
        rows = connection.execute(select(KEPT_VALUE).where(KEPT_VALUE.c.sealed.is_not(None))).all()
    fresh = {}
    for row in rows:
        if not is_wrapped(row.sealed):
            one = queries.version_of(row)
            value = queries.opened(sealing, row.sealed, one)
            fresh[one] = row.sealed, sealing.seal(value, queries.place(one), one.scope)

    def write(connection: Connection) -> None:
        for one, (before, after) in fresh.items():
            connection.execute(
                update(KEPT_VALUE)
                .where(
                    KEPT_VALUE.c.scope == one.scope,
                    KEPT_VALUE.c.environment == one.environment,
                    KEPT_VALUE.c.use == one.use,
                    KEPT_VALUE.c.name == one.name,
                    KEPT_VALUE.c.version == one.version,
                    KEPT_VALUE.c.sealed == before,
                )
                .values(sealed=after)
            )

    return len(fresh), write
