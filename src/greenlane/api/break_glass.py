"""The query about break-glass: which owners come in when the company's sign-in is away, and when that was tried."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from greenlane.api.house import HOUSE, READER
from greenlane.api.ledger import must
from greenlane.identity.break_glass import queries


def routes() -> APIRouter:
    """The routes that only read."""
    router = APIRouter(prefix="/v1", tags=["people"])

    @router.get("/break-glass", summary="Owners who come in without the company's sign-in, and when that was tried")
    def owners(at: HOUSE, who: READER) -> dict[str, Any]:
        now = at.clock.now()
        with at.database.read() as connection:
            must(at, connection, who, "read-settings", "organisation")
            found = queries.break_glass(connection)
        items = [{**asdict(one), "ready": one.ready, "stale": one.stale(now)} for one in found.keyholders]
        return {"items": items, "next": None, "company": found.company, "warning": found.warning(now)}

    return router
