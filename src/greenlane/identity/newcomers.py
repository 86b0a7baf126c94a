"""Somebody new: a row in ``person``, with a mail address that nobody else has."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from greenlane.govern.errors import Conflict
from greenlane.identity.tables import PERSON
from greenlane.kit.clock import stamp


def insert_person(
    connection: Connection,
    person: str,
    name: str,
    email: str,
    state: str,
    now: datetime,
    *,
    source: str = "local",
    external_id: str | None = None,
) -> None:
    """A person, if nobody has their mail address. Raises ``Conflict``."""
    free_address(connection, email, but_for=person)
    connection.execute(
        insert(PERSON).values(
            id=person,
            name=name.strip(),
            email=email.lower() or None,
            state=state,
            source=source,
            external_id=external_id,
            created=stamp(now),
        )
    )


def free_address(connection: Connection, email: str, *, but_for: str) -> None:
    """Raises ``Conflict`` where somebody else has a mail address."""
    taken = select(PERSON.c.id).where(PERSON.c.email == email.lower(), PERSON.c.id != but_for)
    if email and connection.execute(taken).one_or_none() is not None:
        raise Conflict("Somebody else here has this mail address.", next_step="Give another one, or none.")
