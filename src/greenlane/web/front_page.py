"""The first page: your apps, what waits for you, and the way to a new one."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import Route

from greenlane.catalog import queries as catalog
from greenlane.identity import queries as identity
from greenlane.web import wording
from greenlane.web.asked import Asked
from greenlane.web.site import Site

AT_ONCE = 50
"""Apps on one page."""


@dataclass(frozen=True, slots=True)
class AppLine:
    """One app in the list. ``since`` is when production last changed, empty for an app that is not live."""

    name: str
    title: str
    url: str
    audience: str
    state: str
    live: bool
    owner: str
    since: str


def routes(site: Site) -> list[Route]:
    """The first page."""
    return [site.page("/", front_page)]


def front_page(at: Asked) -> Response:
    """Your apps, searched and paged, and how much waits for you."""
    wanted, after = at.query("q"), at.query("after")
    with at.read() as connection:
        found = catalog.apps_for(connection, at.me.person, at.now, after=after, limit=AT_ONCE + 1, containing=wanted)
        apps = _lines(at, connection, found[:AT_ONCE])
    more = f"/?{urlencode({'q': wanted, 'after': found[AT_ONCE - 1].name})}" if len(found) > AT_ONCE else ""
    return at.page(
        "front_page/front_page.html",
        part="apps",
        apps=apps,
        wanted=wanted,
        after=after,
        more=more,
        waiting=at.waiting,
        may_build=at.has_somewhere("create-app"),
        roles=[
            (wording.role_title(one.role), wording.role_meaning(one.role)) for one in identity.but_creations(at.held)
        ],
    )


def _lines(at: Asked, connection: Connection, found: list[catalog.App]) -> list[AppLine]:
    places = catalog.production_of(connection, [one.name for one in found])
    owners = identity.names(connection, [one.owner for one in found])
    return [
        AppLine(
            name=one.name,
            title=one.title or one.name,
            url=at.house.addresses.url(one.name),
            audience=wording.AUDIENCES[one.rung],
            state=wording.STATES["asleep" if one.state != "live" else "live" if one.name in places else "empty"],
            live=one.state == "live" and one.name in places,
            owner=owners.get(one.owner, ""),
            since=places.get(one.name, ""),
        )
        for one in found
    ]
