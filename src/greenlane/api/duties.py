"""The queries about what is kept apart, and who has or did both of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from greenlane.api.house import HOUSE, READER
from greenlane.api.ledger import must
from greenlane.catalog import queries as catalog
from greenlane.identity import queries as identity
from greenlane.identity.duties import queries
from greenlane.identity.duties.conflicts import conflicts
from greenlane.insights import duties, standing


def routes() -> APIRouter:
    """The routes that only read."""
    router = APIRouter(prefix="/v1", tags=["roles"])

    @router.get("/duties", summary="Roles and verbs that are kept apart")
    def listed(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-people", "organisation")
            found = queries.kept_apart(connection)
            names = identity.names(connection, [one.made_by for one in found])
        return {"items": [{**asdict(one), "made_by": names.get(one.made_by, "")} for one in found], "next": None}

    @router.get("/duties/conflicts", summary="Who has or did both of what is kept apart")
    def both(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-people", "organisation")
            found = conflicts(connection, at.clock.now(), catalog.team_of)
            words = standing.scope_words(
                connection, [each for one in found for each in (one.one_where, one.other_where)]
            )
            said = duties.told(connection, found)
        items = [
            {
                "pair": one.pair.id,
                "person": one.person,
                "role": one.role,
                "one_where": words[one.one_where],
                "other_where": words[one.other_where],
                "withheld": one.withheld,
                "says": says,
            }
            for one, says in zip(found, said, strict=True)
        ]
        return {"items": items, "next": None}

    return router
