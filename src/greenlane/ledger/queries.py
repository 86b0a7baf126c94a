"""Reading the ledger: receipts page by page in the order of their sequence, and what proves them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, bindparam, func, select

from greenlane.ledger.receipt import Entry, Receipt
from greenlane.ledger.tables import NOT_GREEN, checkpoint, cosigned, receipt

COVERED = func.coalesce(select(func.max(checkpoint.c.size)).scalar_subquery(), 0).label("covered")
"""How many receipts the newest checkpoint covers, beside each row of the same statement."""

_OF_ACTIONS = (
    select(receipt.c.seq, receipt.c.bytes, COVERED)
    .where(receipt.c.action.in_(bindparam("actions", expanding=True)))
    .order_by(receipt.c.seq)
)


def entries(
    connection: Connection,
    *,
    after: int = -1,
    before: int | None = None,
    limit: int = 50,
    subject: str | None = None,
    verb: str | None = None,
    person: str | None = None,
    process: str | None = None,
    lane: str | None = None,
    action: str | None = None,
    outcomes: bool = False,
    beside: ColumnElement[bool] | None = None,
    newest_first: bool = False,
) -> list[Entry]:
    """Receipts with ``after < seq < before`` that match, at most ``limit``; the next page begins at the last seq.

    ``outcomes`` leaves the first halves out, which say only what was decided. ``beside`` is a condition on this
    table from whoever keeps more about receipts.
    """
    c = receipt.c
    query = select(c.seq, c.bytes, COVERED).where(c.seq > after).limit(limit)
    query = query.order_by(c.seq.desc() if newest_first else c.seq)
    if before is not None:
        query = query.where(c.seq < before)
    wanted = {
        c.action: action,
        c.process: process,
        c.subject: subject,
        c.person: person,
        c.verb: verb,
        c.lane: lane,
    }
    asked = [(column, value) for column, value in wanted.items() if value is not None]
    for place, (column, value) in enumerate(asked):
        # the first leads, because the fewest receipts have it; the others must not tempt a database to another index
        query = query.where(column == value if place == 0 else column.concat("") == value)
    if asked and asked[0][0] is c.lane and lane != "green":
        query = query.where(NOT_GREEN)
    if outcomes:
        query = query.where(c.half != "decided")
    if beside is not None:
        query = query.where(beside)
    return _entries(connection.execute(query).all())


def entry(connection: Connection, seq: int) -> Entry | None:
    """The receipt in that place, or None."""
    found = _entries(
        connection.execute(select(receipt.c.seq, receipt.c.bytes, COVERED).where(receipt.c.seq == seq)).all()
    )
    return found[0] if found else None


def by_action(connection: Connection, action_id: str) -> list[Entry]:
    """All receipts of an action: usually *decided* and *settled*, in this order."""
    return by_actions(connection, [action_id])


def by_actions(connection: Connection, action_ids: Iterable[str]) -> list[Entry]:
    """All receipts of several actions, in the order of the ledger."""
    return _entries(connection.execute(_OF_ACTIONS, {"actions": list(action_ids)}).all())


def place_of(action: ColumnElement[Any]) -> ScalarSelect[int]:
    """Where the last receipt of the action in a column stands, to order by: a clock may jump, the sequence does not."""
    return select(func.max(receipt.c.seq)).where(receipt.c.action == action).scalar_subquery()


def place_at(connection: Connection, at: str) -> int:
    """The first seq that was recorded at a time (a stamp) or later; the ledger's size when none was.

    A binary search: times grow with the sequence. Where a clock was set back, a few receipts around that moment can
    fall on the other side.
    """
    low, high = 0, size(connection)
    while low < high:
        middle = (low + high) // 2
        stamped = connection.scalar(select(receipt.c.at).where(receipt.c.seq == middle))
        if stamped is not None and stamped < at:
            low = middle + 1
        else:
            high = middle
    return low


def size(connection: Connection) -> int:
    """How many receipts there are."""
    return 1 + int(connection.scalar(select(func.coalesce(func.max(receipt.c.seq), -1))) or 0)


def stored_bytes(connection: Connection, seq: int) -> bytes | None:
    """A receipt's bytes as they were hashed, or None."""
    found = connection.scalar(select(receipt.c.bytes).where(receipt.c.seq == seq))
    return None if found is None else bytes(found)


def newest_checkpoint(connection: Connection, *, at_least: int = 0, with_witness: bool = False) -> str | None:
    """The newest stored note over at least so many receipts, with the witness's signature if asked for; or None."""
    table = cosigned if with_witness else checkpoint
    query = select(table.c.note).where(table.c.size >= at_least).order_by(table.c.size.desc()).limit(1)
    return connection.scalar(query)


def _entries(rows: Sequence[Any]) -> list[Entry]:
    return [
        Entry(row.seq, Receipt.decode(bytes(row.bytes)), row.covered if row.seq < row.covered else 0) for row in rows
    ]
