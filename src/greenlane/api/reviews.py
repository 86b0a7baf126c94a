"""The queries about access reviews: which there are, what is in one, and its evidence."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse
from sqlalchemy import Connection

from greenlane.api.house import HOUSE, READER, ApiHouse, person_of
from greenlane.govern.errors import NotFound
from greenlane.identity import queries as identity
from greenlane.identity.queries import Signed
from greenlane.identity.reviews import gathering, queries
from greenlane.identity.reviews.queries import Review
from greenlane.insights import reviewing, standing


def routes() -> APIRouter:
    """The routes that only read."""
    router = APIRouter(prefix="/v1", tags=["people"])

    @router.get("/reviews", summary="Access reviews that you may see, those that run first")
    def listed(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            found = [one for one in queries.reviews(connection) if _sees(at, connection, who, one)]
            return {"items": [_review(at, connection, one) for one in found], "next": None}

    @router.get("/reviews/{review}", summary="One access review")
    def one(review: str, at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            return _review(at, connection, _seen(at, connection, who, review))

    @router.get("/reviews/{review}/rights", summary="Who has which right and why, and what was decided about it")
    def rights(
        review: str, at: HOUSE, who: READER, after: int = -1, limit: int = Query(200, ge=1, le=1000)
    ) -> dict[str, Any]:
        with at.database.read() as connection:
            found = _seen(at, connection, who, review)
            some = queries.rights(connection, review, after=after, limit=limit)
            items = [asdict(line) for line in reviewing.lines(connection, found, some, at.clock.now())]
        return {"items": items, "next": after + len(some) if len(some) == limit else None}

    @router.get("/reviews/{review}/evidence", summary="A review with its receipts and their proofs: verifies alone")
    def gathered(review: str, at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            there = reviewing.there_now(connection, _seen(at, connection, who, review), at.clock.now())
            return gathering.gather(connection, review, there, at.clock)

    @router.get("/reviews/{review}/table", summary="A review as a table (CSV)", response_class=PlainTextResponse)
    def table(review: str, at: HOUSE, who: READER) -> PlainTextResponse:
        with at.database.read() as connection:
            found = _seen(at, connection, who, review)
            lines = reviewing.lines(connection, found, queries.rights(connection, review), at.clock.now())
        return PlainTextResponse(reviewing.as_csv(lines), media_type="text/csv; charset=utf-8")

    return router


def _sees(at: ApiHouse, connection: Connection, who: Signed, one: Review) -> bool:
    """Whether a review is somebody's business: they decide, they started it, or they see how all is set up."""
    mine = person_of(who) in (*one.reviewers, one.started_by)
    return mine or at.may(connection, who.actor, "read-settings", "organisation")


def _seen(at: ApiHouse, connection: Connection, who: Signed, review: str) -> Review:
    found = queries.review(connection, review)
    if not _sees(at, connection, who, found):
        raise NotFound(f"There is no review {review} for you.", next_step="`greenlane reviews` lists yours.")
    return found


def _review(at: ApiHouse, connection: Connection, one: Review) -> dict[str, Any]:
    names = identity.names(connection, [one.started_by, *one.reviewers])
    return {
        **asdict(one),
        "scope": standing.scope_words(connection, [one.scope])[one.scope],
        "undecided": one.undecided,
        "overdue": one.overdue(at.clock.now()),
        "started_by": names.get(one.started_by, ""),
        "reviewer_names": [names.get(person, "") for person in one.reviewers],
    }
