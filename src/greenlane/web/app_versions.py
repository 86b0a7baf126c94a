"""All versions of an app, its whole story, and the passport of a version to take along."""

from __future__ import annotations

from urllib.parse import urlencode

import orjson
from starlette.responses import Response
from starlette.routing import Route

from greenlane.catalog import queries as catalog
from greenlane.deploys import queries as deploys
from greenlane.insights import versions
from greenlane.ledger import queries as ledger
from greenlane.web.asked import Asked
from greenlane.web.one_app import download, timeline, visible
from greenlane.web.site import Site

AT_ONCE = 50
"""Versions, or receipts, on a page of their own."""


def routes(site: Site) -> list[Route]:
    """An app's versions, its story, and its passport."""
    return [
        site.page("/apps/{app}/deploys", every_version),
        site.page("/apps/{app}/story", story),
        site.page("/apps/{app}/passport", passport),
    ]


def every_version(at: Asked) -> Response:
    """All versions of an app, the newest first, a page at a time."""
    before = at.query("before")
    with at.read() as connection:
        app = visible(at, connection)
        found = deploys.deploys(connection, app.name, limit=AT_ONCE + 1, before=before)
        places = catalog.environments(connection, app.name)
        shown = versions.versions(connection, at.house.door.payloads, found[:AT_ONCE], places)
    more = f"{at.path}?{urlencode({'before': shown[-1].id})}" if len(found) > AT_ONCE else ""
    return at.page(
        "app/versions.html", part="main", app=app, title=app.title or app.name, versions=shown, more=more, before=before
    )


def story(at: Asked) -> Response:
    """Everything that happened to an app, as sentences, the newest first, a page at a time."""
    typed = at.query("before")
    before = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 16 else None
    with at.read() as connection:
        app = visible(at, connection)
        found = ledger.entries(
            connection,
            subject=f"app:{app.name}",
            limit=AT_ONCE + 1,
            before=before,
            outcomes=True,
            newest_first=True,
        )
        told = timeline(at, connection, found[:AT_ONCE])
    more = f"{at.path}?{urlencode({'before': found[AT_ONCE - 1].seq})}" if len(found) > AT_ONCE else ""
    return at.page(
        "app/story.html", part="main", app=app, title=app.title or app.name, story=told, more=more, before=typed
    )


def passport(at: Asked) -> Response:
    """The passport of a version as a file; of what is live, or else of the newest, where none is named."""
    with at.read() as connection:
        app = visible(at, connection)
        wanted = at.query("deploy") or catalog.live_deploy(connection, app.name, "production") or ""
        one = deploys.meant(connection, app.name, wanted)
        document = at.house.passport(connection, app.name, one.id)
    return download(f"{app.name}-{one.id}.passport.json", orjson.dumps(document, option=orjson.OPT_INDENT_2))
