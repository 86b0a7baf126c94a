"""Going through the ledger for what people should hear of: each receipt once, in order, where it was left off."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from greenlane.govern.effect import Rows
from greenlane.kit.clock import Clock, stamp
from greenlane.kit.database import Database
from greenlane.ledger import queries as ledger
from greenlane.ledger.receipt import Entry
from greenlane.notices import outbox
from greenlane.notices.hearing import hear
from greenlane.notices.tables import MESSAGE, NOTICE, NOTICES_HEARD

AT_ONCE = 500
"""Receipts that are read between two commits."""

_READER = "notices"


class Notices:
    """The notices of one installation. ``write`` is the ledger's writer for rows without a receipt.

    ``by_mail`` says whether a mail server is known; ``then`` is called when there is something to send.
    """

    def __init__(
        self,
        database: Database,
        write: Callable[[Rows], None],
        clock: Clock,
        *,
        by_mail: bool = False,
        then: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._write = write
        self._clock = clock
        self._by_mail = by_mail
        self._then = then
        self._one_at_a_time = threading.Lock()

    def catch_up(self) -> None:
        """Read the receipts that came since the last time."""
        with self._one_at_a_time:
            while True:
                with self._database.read() as connection:
                    after = _heard(connection)
                    page = ledger.entries(connection, after=after, limit=AT_ONCE)
                    found = [row for entry in page for row in _rows_of(connection, entry)]
                    leaving = outbox.messages(connection, found, stamp(self._clock.now()), by_mail=self._by_mail)
                if not page:
                    return
                self._write(_keeping(found, leaving, page[-1].seq))
                if leaving:
                    self._then()

    def mark_read(self, person: str, seqs: list[int]) -> None:
        """Somebody has read these. What is not theirs stays as it is."""
        read = update(NOTICE).where(NOTICE.c.person == person, NOTICE.c.seq.in_(seqs), NOTICE.c.read_at.is_(None))
        marked = read.values(read_at=stamp(self._clock.now()))

        def rows(connection: Connection) -> None:
            connection.execute(marked)

        self._write(rows)


def _heard(connection: Connection) -> int:
    found = select(NOTICES_HEARD.c.seq).where(NOTICES_HEARD.c.reader == _READER)
    seq = connection.execute(found).scalar_one_or_none()
    return -1 if seq is None else seq


def _rows_of(connection: Connection, entry: Entry) -> list[dict[str, Any]]:
    one = entry.receipt
    return [
        {"seq": entry.seq, "person": person, "kind": kind, "subject": str(one.action["subject"]), "at": one.at}
        for person, kind in sorted(hear(connection, one).items())
    ]


def _keeping(found: list[dict[str, Any]], leaving: list[dict[str, Any]], upto: int) -> Rows:
    """The notices, what leaves, and the place in the ledger, together: none is kept without the others."""

    def rows(connection: Connection) -> None:
        if found:
            connection.execute(insert(NOTICE), found)
        if leaving:
            connection.execute(insert(MESSAGE), leaving)
        connection.execute(delete(NOTICES_HEARD).where(NOTICES_HEARD.c.reader == _READER))
        connection.execute(insert(NOTICES_HEARD).values(reader=_READER, seq=upto))

    return rows
