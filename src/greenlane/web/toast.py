"""What the last form did, told once on the page that follows it: the receipt's sentence, and a way to undo it.

Only the action's id travels, in a cookie of the console's own host that scripts cannot read. The words are made from
the ledger, and only for whoever did it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select
from starlette.responses import Response

from greenlane.govern import approvals, call, tables
from greenlane.insights import sentences
from greenlane.insights.undo import Facts, Undo
from greenlane.insights.undoing import undo
from greenlane.ledger import queries as ledger
from greenlane.ledger.receipt import Entry

COOKIE = "__Host-greenlane-said"
"""Holds the id of the action that the next page tells about."""

_LASTS = 60  # seconds: one redirect, with a slow network in between


@dataclass(frozen=True, slots=True)
class Toast:
    """One thing that was done: its sentence, its lane, its receipt's place, and what takes it back."""

    sentence: str
    lane: str
    seq: int
    undo: Undo | None


def remember(answer: Response, action_id: str) -> None:
    """Let the next page tell about an action."""
    answer.set_cookie(COOKIE, action_id, max_age=_LASTS, path="/", secure=True, httponly=True, samesite="lax")


def forget(answer: Response) -> None:
    """It was told."""
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")


def waiting(connection: Connection, action: str, person: str) -> Toast | None:
    """What there is to tell a person about an action; None when there is nothing, or when it is not theirs."""
    row = connection.execute(select(tables.action).where(tables.action.c.id == action)).one_or_none()
    if row is None or row.person != person:
        return None
    settled = [one for one in ledger.by_action(connection, action) if one.receipt.half == "settled"]
    if not settled:
        return None
    entry = settled[-1]
    document = entry.receipt.document()
    takes_back = undo(entry.receipt, row.facts) if row.state == "done" else None
    documents = [document]
    if (carried := _carried_out(connection, row)) is not None:
        documents.append(carried[0].receipt.document())
        takes_back = undo(carried[0].receipt, carried[1])
    names = sentences.Names.of(connection, documents)
    said = " ".join(sentences.receipt(one, names) for one in documents)
    return Toast(said, row.lane, entry.seq, takes_back)


def _carried_out(connection: Connection, row: Row[Any]) -> tuple[Entry, Facts] | None:
    """What went on because this action allowed it, with its facts; None where it allowed nothing."""
    if row.verb not in {"approve", "confirm"} or row.state != "done":
        return None
    went = approvals.resumption(str(row.inputs["request"]), row.id)
    found = [one for one in ledger.by_action(connection, went) if one.receipt.half == "settled"]
    return (found[-1], call.row_of(connection, went).facts) if found else None
