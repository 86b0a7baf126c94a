"""The query about roles for some hours: which run at this moment."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from greenlane.api.house import HOUSE, READER, person_of
from greenlane.identity import queries as identity
from greenlane.identity.elevation import queries as elevations
from greenlane.insights import standing


def routes() -> APIRouter:
    """The routes that only read."""
    router = APIRouter(prefix="/v1", tags=["people"])

    @router.get("/elevations", summary="Roles for some hours that count now: everybody's that you may see")
    def running(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            everybody = at.may(connection, who.actor, "read-people", "organisation")
            found = [
                one
                for one in elevations.running(connection, at.clock.now())
                if everybody or one.person == person_of(who)
            ]
            names = identity.names(connection, [one.person for one in found])
            words = standing.scope_words(connection, [one.scope for one in found])
        items = [{**asdict(one), "scope": words[one.scope], "name": names.get(one.person, "")} for one in found]
        return {"items": items, "next": None}

    return router
