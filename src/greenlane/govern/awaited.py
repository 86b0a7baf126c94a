"""Which requests wait for whom: a row for each person who was asked, kept while the request waits.

A request knows whom it asked. This is the other way round, so that what waits for somebody is found and counted at
once, however much waits for others.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, tuple_

from greenlane.govern.tables import awaited, request


@dataclass(frozen=True, slots=True)
class Awaited:
    """A request that waits for somebody: what it asks for, and its place in their list."""

    request: str
    verb: str
    subject: str
    since: str


def keep(connection: Connection, id: str) -> None:
    """Make the rows of a request what its state says; to be called with every change of a request."""
    connection.execute(delete(awaited).where(awaited.c.request == id))
    one = connection.execute(select(request).where(request.c.id == id)).one()
    if one.state == "waiting" and one.asked:
        row = {"since": one.created_at, "request": id, "verb": one.verb, "subject": one.subject}
        connection.execute(insert(awaited), [{**row, "person": person} for person in sorted(set(one.asked))])


def of(connection: Connection, person: str, *, after: tuple[str, str] | None = None, limit: int = 100) -> list[Awaited]:
    """What waits for somebody who was asked, the oldest first. ``after`` is (since, request) of the last one seen."""
    found = select(awaited).where(awaited.c.person == person).order_by(awaited.c.since, awaited.c.request)
    if after is not None:
        found = found.where(tuple_(awaited.c.since, awaited.c.request) > after)
    return [Awaited(row.request, row.verb, row.subject, row.since) for row in connection.execute(found.limit(limit))]
