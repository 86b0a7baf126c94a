"""Break-glass: which owners come in when the company's own sign-in is away, when that was tried, and a drill."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from greenlane.identity.break_glass import queries
from greenlane.web.asked import Asked
from greenlane.web.site import Site


def routes(site: Site) -> list[Route]:
    """One page."""
    return [site.page("/break-glass", break_glass)]


def break_glass(at: Asked) -> Response:
    """The page."""
    with at.read() as connection:
        at.must(connection, "read-settings")
        found = queries.break_glass(connection)
    return at.page(
        "sso/break_glass.html",
        company=found.company,
        keyholders=[(one, one.stale(at.now)) for one in found.keyholders],
        warning=found.warning(at.now),
        keeper=at.has_somewhere("announce-drill"),
        me=at.me.person,
    )
