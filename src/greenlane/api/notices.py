"""What you should hear of, said in words, and that you have read it.

Having read something is bookkeeping, as an upload is: it changes nothing for anybody else and needs no verb.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from greenlane.api.house import HOUSE, READER, ApiHouse, person_of
from greenlane.govern import call
from greenlane.insights import sentences, undoing
from greenlane.kit.errors import Unavailable
from greenlane.ledger import queries as ledger
from greenlane.notices import queries as notices
from greenlane.notices import wording

Place = Annotated[int, Field(ge=0)]


class Read(BaseModel):
    """The notices that were read, by their ids."""

    model_config = ConfigDict(extra="forbid")
    ids: list[Place] = Field(max_length=500)


def routes() -> APIRouter:
    """The routes about notices."""
    router = APIRouter(prefix="/v1/notices", tags=["notices"])

    @router.get("", summary="What you should hear of, unread first")
    def heard(
        at: HOUSE,
        who: READER,
        after: str = Query("", pattern="^((un)?read:[0-9]{1,18})?$"),
        limit: int = Query(100, ge=1, le=500),
    ) -> dict[str, Any]:
        with suppress(Unavailable):  # what was heard before can be read although nothing can be written
            at.notices.catch_up()
        with at.database.read() as connection:
            found = notices.notices(connection, person_of(who), limit=limit, after=after)
            items = [_told(at, connection, one) for one in found]
            unread = notices.unread(connection, person_of(who))
        return {"items": items, "unread": unread, "next": notices.place(found[-1]) if len(found) == limit else None}

    @router.post("/read", status_code=204, summary="Say which of them you have read")
    def read(given: Read, at: HOUSE, who: READER) -> Response:
        at.notices.mark_read(person_of(who), given.ids)
        return Response(status_code=204)

    return router


def _told(at: ApiHouse, connection: Connection, one: notices.Notice) -> dict[str, Any]:
    """A notice in words. The words of whoever answered a request are for its author, who is the one that hears of it."""
    entry = ledger.entry(connection, one.seq)
    assert entry is not None, "a notice tells of a receipt"
    receipt = entry.receipt
    block = receipt.document()
    action = call.row_of(connection, str(receipt.action["id"]))
    words = at.door.payloads.open(connection, action.payload) if one.kind == "answered" and action.payload else None
    back = undoing.undo(receipt, action.facts)
    sentence = sentences.receipt(block, sentences.Names.of(connection, [block]))
    return {
        "id": one.seq,
        "at": one.at,
        "kind": one.kind,
        "subject": one.subject,
        "says": wording.says(one.kind, sentence, receipt),
        "words": next(iter((words or {}).values()), ""),
        "next_step": wording.next_step(one.kind, receipt, "" if back is None else undoing.command(back)),
        "receipt": one.seq,
        "read": one.read_at is not None,
    }
