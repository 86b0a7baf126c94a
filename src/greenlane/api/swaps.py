"""The query that rehearses a swap of providers on recorded calls."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query

from greenlane.api.house import HOUSE, READER
from greenlane.api.ledger import must
from greenlane.gateway import queries
from greenlane.gateway.prices.money import dollars
from greenlane.gateway.swapping.plan import Swap
from greenlane.govern.errors import WrongInput
from greenlane.insights import swaps

Models = Annotated[
    list[str], Query(max_length=100, description="which model takes the place of which: gpt-5=claude-opus-5")
]


def routes() -> APIRouter:
    """One route. It only reads; the verb set-routes takes its ``routes``."""
    router = APIRouter(prefix="/v1/gateway", tags=["models"])

    @router.get("/swap", summary="What one provider instead of another would have cost, and which routes it changes")
    def swap(
        at: HOUSE,
        who: READER,
        provider: str,
        instead: str,
        model: Models,
        days: int = Query(7, ge=1, le=366, description="how many days of calls it is rehearsed on"),
        keep: bool = Query(True, description="whether the old one is tried where the new one fails"),
    ) -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-all-model-calls", "organisation")
            for name in (provider, instead):
                queries.provider(connection, name)
            wanted = Swap(provider, instead, _pairs(model), keep)
            found = swaps.rehearse(connection, wanted, at.prices(), at.clock.now(), days)
        run = found.run
        return {
            "provider": provider,
            "instead": instead,
            "calls": run.calls,
            "moving": run.moving,
            "before": run.before,
            "after": run.after,
            "says": f"{dollars(run.before)} before, {dollars(run.after)} after",
            "moved": [asdict(one) for one in run.moved],
            "refused": [asdict(one) for one in run.refused],
            "unpriced": [asdict(one) for one in run.unpriced],
            "staying": [{"model": name, "calls": calls} for name, calls in found.unmoved],
            "routes": list(found.lines),
            "newest_only": found.more,
        }

    return router


def _pairs(said: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in said:
        model, equals, to = one.partition("=")
        if not (model and equals and to):
            raise WrongInput(
                f"{one!r} does not say which model takes the place of which.",
                next_step="Write it like gpt-5=claude-opus-5.",
                field="model",
            )
        found[model] = to
    return found
