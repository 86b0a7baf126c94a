"""Access reviews: which run, who has which right and why in one of them, and its evidence to take along."""

from __future__ import annotations

import orjson
from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import Route

from greenlane.govern.errors import NotFound
from greenlane.identity import queries as identity
from greenlane.identity.held import ORGANISATION
from greenlane.identity.queries import listing
from greenlane.identity.reviews import gathering, queries
from greenlane.identity.reviews.queries import Review
from greenlane.insights import reviewing, standing
from greenlane.web import frame
from greenlane.web.asked import Asked
from greenlane.web.site import Site
from greenlane.web.wording import where

AT_ONCE = 100
"""Rights on one page."""

MOST_REVIEWERS = 200
"""People among whom the form chooses who decides; more can be named by their ids."""

STATES = {"": "Open", "keep": "Kept", "remove": "To be taken away"}
"""What was decided, in words, where the right is still there."""


def routes(site: Site) -> list[Route]:
    """The pages, and the files to take along."""
    return [
        site.page("/access-reviews", reviews),
        site.page("/access-reviews/{review}", review),
        site.page("/access-reviews/{review}/evidence", taken),
        site.page("/access-reviews/{review}/table", table),
    ]


def reviews(at: Asked) -> Response:
    """Reviews that the asker may see, and how one is started."""
    with at.read() as connection:
        found = [one for one in queries.reviews(connection) if _sees(at, connection, one)]
        words = standing.scope_words(connection, [one.scope for one in found])
        names = identity.names(connection, [person for one in found for person in one.reviewers])
        mine = {one.scope for one in at.held if one.may("start-review")}
        everywhere = ORGANISATION in mine
        teams = [one.name for one in identity.teams(connection) if everywhere or f"team:{one.id}" in mine]
        people = listing.people_after(connection, limit=MOST_REVIEWERS) if everywhere or teams else []
    return at.page(
        "reviews/reviews.html",
        reviews=[(one, where(words[one.scope]), [names.get(each, "") for each in one.reviewers]) for one in found],
        everywhere=everywhere,
        teams=teams,
        people=[(one.id, one.name) for one in people if one.state == "active" and one.id != at.me.person],
        settings=at.has_somewhere("read-settings"),
    )


def review(at: Asked) -> Response:
    """One review: each right with who has it and by which way, and what was decided."""
    after, only_open = at.query("after"), at.query("open") == "yes"
    with at.read() as connection:
        one = _seen(at, connection)
        place = int(after) if after.isdecimal() and len(after) < 10 else -1
        found = queries.rights(connection, one.id, after=place, limit=AT_ONCE)
        lines = reviewing.lines(connection, one, found, at.now)
        names = identity.names(connection, [one.started_by, one.closed_by or "", *one.reviewers])
        words = standing.scope_words(connection, [one.scope])
    more = place + len(found) if place + len(found) + 1 < one.rights else None
    keeper = any(held.may("keep-access") and held.scope in {ORGANISATION, one.scope} for held in at.held)
    return at.page(
        "reviews/review.html",
        review=one,
        about=where(words[one.scope]),
        lines=[line for line in lines if not (only_open and line.decided)],
        states=STATES,
        names=names,
        decides=one.closed is None and (keeper or at.me.person in (*one.reviewers, one.started_by)),
        overdue=one.overdue(at.now),
        only_open=only_open,
        more=more,
        me=at.me.person,
    )


def taken(at: Asked) -> Response:
    """The evidence, one JSON document that verifies alone."""
    with at.read() as connection:
        one = _seen(at, connection)
        there = reviewing.there_now(connection, one, at.now)
        found = gathering.gather(connection, one.id, there, at.house.clock)
    text = orjson.dumps(found, option=orjson.OPT_INDENT_2)
    return _file(text, "application/json", f"{one.id}.json")


def table(at: Asked) -> Response:
    """The same as a table."""
    with at.read() as connection:
        one = _seen(at, connection)
        lines = reviewing.lines(connection, one, queries.rights(connection, one.id), at.now)
    return _file(reviewing.as_csv(lines).encode(), "text/csv; charset=utf-8", f"{one.id}.csv")


def _file(content: bytes, kind: str, name: str) -> Response:
    named = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=kind, headers=frame.PLAIN_HEADERS | named)


def _sees(at: Asked, connection: Connection, one: Review) -> bool:
    """Whether a review is somebody's business: they decide, they started it, or they see how all is set up."""
    return at.me.person in (*one.reviewers, one.started_by) or at.may(connection, "read-settings", "organisation")


def _seen(at: Asked, connection: Connection) -> Review:
    """The review that the address names. Raises ``NotFound``, for one that is not the asker's business too."""
    found = queries.review(connection, at.named("review"))
    if not _sees(at, connection, found):
        raise NotFound("There is no such review for you.", next_step="The page of access reviews lists yours.")
    return found
