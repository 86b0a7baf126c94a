"""The ledger over HTTP: receipts as sentences, checkpoints, proofs, the export, and what verifying finds."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import Any

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse, StreamingResponse
from sqlalchemy import Connection
from starlette.background import BackgroundTask

from greenlane.api.house import HOUSE, READER, ApiHouse, person_of
from greenlane.govern.errors import NotFound, Refused
from greenlane.identity.queries import Signed
from greenlane.insights import friction, search
from greenlane.insights.veiling import Sight
from greenlane.ledger import export, proving
from greenlane.ledger import queries as ledger


def routes() -> APIRouter:
    """The routes that read the ledger."""
    router = APIRouter(prefix="/v1", tags=["ledger"])

    @router.get("/receipts", summary="Receipts, each with its sentence")
    def receipts(
        at: HOUSE,
        who: READER,
        app: str = "",
        person: str = "",
        agent: str = "",
        verb: str = "",
        lane: str = "",
        process: str = "",
        action: str = "",
        since: str = Query("", alias="from"),
        until: str = Query("", alias="to"),
        outcomes: bool = False,
        after: int = Query(-1, ge=-1),
        before: int | None = Query(None, ge=0),
        limit: int = Query(50, ge=1, le=500),
        newest: bool = False,
    ) -> dict[str, Any]:
        asked = search.Wanted(person, agent, app, verb, lane, process, action, since, until, outcomes)
        with at.database.read() as connection:
            wanted, _scope = search.within_rights(asked, person_of(who), _rights(at, connection, who))
            found = search.find(connection, wanted, after=after, before=before, limit=limit, newest_first=newest)
            told = [
                one.as_dict()
                for one in search.tell(connection, found, Sight(person_of(who), _rights(at, connection, who)))
            ]
        return {"receipts": told, "next": found[-1].seq if len(found) == limit else None}

    @router.get("/receipts/{seq}", summary="One receipt with all four blocks")
    def receipt(seq: int, at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            sight = Sight(person_of(who), _rights(at, connection, who))
            found = search.readable(connection, seq, sight.person, sight.may)
            return search.tell(connection, [found], sight)[0].as_dict()

    @router.get("/ledger/checkpoint", response_class=PlainTextResponse, summary="The newest signed checkpoint")
    def checkpoint(at: HOUSE, witnessed: bool = False) -> str:
        with at.database.read() as connection:
            note = ledger.newest_checkpoint(connection, with_witness=witnessed)
        if note is None:
            raise NotFound("There is no such checkpoint yet.", next_step="Ask again in a moment.")
        return note

    @router.get(
        "/ledger/proof/{seq}", response_class=PlainTextResponse, summary="The proof of one receipt (tlog-proof)"
    )
    def prove(seq: int, at: HOUSE, who: READER) -> str:
        with at.database.read() as connection:
            if ledger.entry(connection, seq) is None:
                raise NotFound(f"There is no receipt {seq}.", next_step="`greenlane receipts` lists them.")
            return str(proving.prove(connection, seq))

    @router.get("/ledger/export", summary="The whole ledger as JSON lines that verify alone")
    def everything(at: HOUSE, who: READER) -> StreamingResponse:
        with at.database.read() as connection:
            must(at, connection, who, "export-ledger", "organisation")

        file = TemporaryFile()  # noqa: SIM115 - closed by the response when the last line is sent
        with at.database.read() as connection:
            export.write_export(connection, file)
        file.seek(0)
        return StreamingResponse(file, media_type="application/jsonl", background=BackgroundTask(file.close))

    @router.get("/ledger/verify", summary="Verify every byte of the ledger now")
    async def verify(at: HOUSE, who: READER) -> dict[str, Any]:
        return await run_in_threadpool(at.verify)

    @router.get("/ledger/replay", summary="Make every recorded decision again and compare")
    async def replay(at: HOUSE, who: READER) -> dict[str, Any]:
        return await run_in_threadpool(at.replay)

    @router.get("/friction", summary="Where people waited, gave up or went another way")
    def rub(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-all-receipts", "organisation")
            return friction.of(connection, at.clock.now()).as_dict()

    return router


def _rights(at: ApiHouse, connection: Connection, who: Signed) -> search.MayRead:
    return lambda right, subject: at.may(connection, who.actor, right, subject)


def must(at: ApiHouse, connection: Connection, who: Signed, right: str, subject: str) -> None:
    """Raises ``Refused`` unless somebody has the right on the subject."""
    if not at.may(connection, who.actor, right, subject):
        raise Refused(f"You may not {right} here.", next_step="Ask an owner for a role that has this right.")
