"""What the organisation is called."""

from __future__ import annotations

from sqlalchemy import Connection, select

from greenlane.identity.tables import ORGANISATION_NAME


def name(connection: Connection) -> str:
    """The organisation's name, empty where it was given none."""
    return connection.execute(select(ORGANISATION_NAME.c.name)).scalar_one_or_none() or ""
