"""Pictures of versions, as files: taken in a sandbox, made anew, and sent as a PNG whatever they show."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from greenlane.deploys import pictures
from greenlane.deploys import queries as deploys
from greenlane.govern.errors import NotFound
from greenlane.web import frame
from greenlane.web.asked import Asked
from greenlane.web.one_app import visible
from greenlane.web.site import Site


def routes(site: Site) -> list[Route]:
    """The pictures themselves."""
    return [site.page("/apps/{app}/deploys/{deploy}/picture", picture)]


def picture(at: Asked) -> Response:
    """A version's picture. It was made anew from what a browser in a sandbox handed back, and is a PNG whatever it shows."""
    with at.read() as connection:
        app = visible(at, connection)
        one = deploys.deploy(connection, app.name, at.named("deploy"))
        found = pictures.of(connection, [one.id]).get(one.id)
    if found is None or found.blob is None:
        raise NotFound("There is no picture of this version.", next_step="Open its preview.")
    headers = frame.PLAIN_HEADERS | {
        "cache-control": "private, max-age=31536000, immutable",
        "content-security-policy": "default-src 'none'; sandbox",
    }
    return Response(at.house.blobs.get(found.blob), media_type="image/png", headers=headers)
