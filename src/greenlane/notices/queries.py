"""What somebody has to hear of. Reads only, frozen answers."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from greenlane.notices.tables import NOTICE


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that somebody should hear of: the receipt's place in the ledger, and what it is to them."""

    seq: int
    kind: str
    subject: str
    at: str
    read_at: str | None


def notices(connection: Connection, person: str, *, limit: int = 100, after: str = "") -> list[Notice]:
    """Unread ones first, then read ones, the newest of each first. ``after`` is the ``place`` of the last one seen."""
    read = NOTICE.c.read_at.is_not(None)
    query = select(NOTICE).where(NOTICE.c.person == person).order_by(read, NOTICE.c.seq.desc()).limit(limit)
    if after:
        state, _, seq = after.partition(":")
        later = read & (NOTICE.c.seq < int(seq)) if state == "read" else read | (NOTICE.c.seq < int(seq))
        query = query.where(later)
    return [Notice(row.seq, row.kind, row.subject, row.at, row.read_at) for row in connection.execute(query)]


def place(one: Notice) -> str:
    """Where a notice stands in the list, for the next page."""
    return f"{'read' if one.read_at else 'unread'}:{one.seq}"


def unread(connection: Connection, person: str) -> int:
    """How many somebody has not read yet."""
    found = select(func.count()).where(NOTICE.c.person == person, NOTICE.c.read_at.is_(None))
    return connection.execute(found).scalar_one()
