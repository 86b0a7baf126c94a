"""What an app stores: how much of what it may, the snapshots there are, and the way to bring one back."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from greenlane.deploys import queries as deploys
from greenlane.web import one_app, wording
from greenlane.web.asked import Asked
from greenlane.web.site import Site

MADE_BY = {
    "publish": "Before a publish",
    "restore-data": "Before a restore",
    "snapshot-data": "Somebody asked for it",
}
"""Why a snapshot was made, by the verb that made it."""


def routes(site: Site) -> list[Route]:
    """The page about an app's data."""
    return [site.page("/apps/{app}/data", data_page)]


def data_page(at: Asked) -> Response:
    """Everything that an app stores, an environment at a time."""
    with at.read() as connection:
        app = one_app.visible(at, connection)
        told = at.house.stored.of(connection, app.name)
        known = {one.deploy for place in told.places for one in place.snapshots if one.deploy}
        versions = {one: deploys.deploy(connection, app.name, one).created_at for one in known}
    return at.page(
        "app/data.html",
        part="main",
        app=app,
        title=app.title or app.name,
        told=told,
        places=wording.ENVIRONMENTS,
        made_by=MADE_BY,
        versions=versions,
        may=one_app.rights(at, app),
    )
