"""The queries about agents: which there are, and what people lend them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from greenlane.api.house import HOUSE, READER, person_of
from greenlane.identity import queries as identity
from greenlane.identity.delegation import queries as lending
from greenlane.identity.federation import queries as trusting
from greenlane.insights.lent import lent_by


def routes() -> APIRouter:
    """The routes that only read."""
    router = APIRouter(prefix="/v1", tags=["agents"])

    @router.get("/agents", summary="Registered agents, and who answers for each")
    def agents(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            found = lending.agents(connection)
            names = identity.names(connection, [one.person for one in found])
        items = [{**asdict(one), "person_name": names.get(one.person, ""), "idle": one.idle} for one in found]
        return {"items": items, "next": None}

    @router.get("/grants", summary="What you lend agents, and what their model calls have cost")
    def grants(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            found = lent_by(connection, person_of(who), at.clock.now())
        items = [{**asdict(one.grant), "spent": one.spent, "spent_of": one.short, "says": one.says} for one in found]
        return {"items": items, "next": None}

    @router.get("/workloads", summary="Workloads elsewhere that are trusted, and by which rule")
    def workloads(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            found = trusting.workloads(connection)
            names = identity.names(connection, [one.person for one in found])
        items = [{**asdict(one), "person_name": names.get(one.person, "")} for one in found]
        return {"items": items, "next": None}

    return router
