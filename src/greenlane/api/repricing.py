"""The query that counts anew what calls cost, and changes nothing."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from greenlane.api.house import HOUSE, READER
from greenlane.api.ledger import must
from greenlane.gateway import accounts
from greenlane.gateway.prices.money import dollars
from greenlane.gateway.repricing.actions import RepriceCalls
from greenlane.gateway.repricing.counting import Recount, chosen, recounted


def routes() -> APIRouter:
    """One route. It only reads; the verb reprice-calls takes the same words."""
    router = APIRouter(prefix="/v1/gateway", tags=["models"])

    @router.get("/prices/preview", summary="What calls would cost at the prices that are set now, by account")
    def preview(at: HOUSE, who: READER, since: str, until: str, provider: str = "", model: str = "") -> dict[str, Any]:
        meant = RepriceCalls(since, until, provider, model)
        with at.database.read() as connection:
            must(at, connection, who, "read-all-model-calls", "organisation")
        found = Recount()
        for _ in recounted(at.database, at.prices(), chosen(meant.since, meant.until, provider, model), found):
            pass
        with at.database.read() as connection:
            items = [
                {
                    "account": one.account,
                    "whose": accounts.words(connection, one.account),
                    "calls": one.calls,
                    "was": one.was,
                    "now": one.now,
                }
                for one in sorted(found.lines.values(), key=lambda one: (-abs(one.now - one.was), one.account))
            ]
        return {
            "calls": found.calls,
            "changed": found.changed,
            "left": found.left,
            "was": found.was,
            "now": found.now,
            "says": f"{dollars(found.was)} counted so far, {dollars(found.now)} at the prices of now",
            "items": items,
            "next": None,
        }

    return router
