"""Every address of the console: the rooms, and the files that their pages use."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from greenlane.kit.errors import GreenlaneError
from greenlane.web import (
    access_reviews,
    account,
    agents,
    allowing,
    app_audience,
    app_data,
    app_page,
    app_settings,
    app_versions,
    break_glass,
    build_page,
    call_page,
    coming_in,
    company,
    deploy_page,
    directories,
    doing,
    duties,
    frame,
    front_page,
    inbox,
    keys,
    ledger,
    models_page,
    new_app,
    overview,
    pages,
    palette,
    people,
    pictures,
    policy,
    repricing_page,
    role_making,
    roles,
    schedules,
    settings,
    sign_in_providers,
    spending,
    styleguide,
    swap_page,
    terminals,
    trying,
    variables,
    visiting,
    words_page,
)
from greenlane.web.assets import ASSETS
from greenlane.web.house import WebHouse
from greenlane.web.site import Site

ROOMS = (
    account,
    coming_in,
    company,
    front_page,
    new_app,
    app_page,
    app_versions,
    app_audience,
    build_page,
    deploy_page,
    pictures,
    app_settings,
    app_data,
    variables,
    schedules,
    doing,
    inbox,
    ledger,
    overview,
    models_page,
    trying,
    swap_page,
    repricing_page,
    spending,
    call_page,
    words_page,
    policy,
    people,
    access_reviews,
    directories,
    duties,
    role_making,
    roles,
    agents,
    allowing,
    terminals,
    settings,
    sign_in_providers,
    break_glass,
    palette,
    keys,
    visiting,
    styleguide,
)
"""The rooms of the console, each a module with ``routes(site)``."""


def routes(house: WebHouse) -> list[BaseRoute]:
    """Every address."""
    site = Site(house)
    return [*(one for room in ROOMS for one in room.routes(site)), files()]


def files() -> Route:
    """The stylesheet, the scripts and the pictures."""
    return Route("/static/{name}", _file)


def error_page(error: Exception) -> Response:
    """The page for an error that no route answered: an unknown address, a wrong method, a fault."""
    if isinstance(error, GreenlaneError):
        return coming_in.said(error)
    if isinstance(error, HTTPException) and error.status_code == 404:
        return pages.not_found()
    if isinstance(error, HTTPException) and error.status_code < 500:
        page = pages.message(error.status_code, "This is not possible here", "This address takes no such request.")
        page.headers.update(error.headers or {})
        return page
    return pages.broken()


async def _file(request: Request) -> Response:
    """A file of ours. Asked for by its version, a browser may keep it for good."""
    asset = ASSETS.get(request.path_params["name"])
    if asset is None:
        return pages.not_found()
    body, packed = asset.packed.accepted(request.headers.get("accept-encoding", ""))
    whole = request.query_params.get("v") == asset.version
    kept = "public, max-age=31536000, immutable" if whole else "no-cache"
    return Response(body, media_type=asset.kind, headers=frame.PLAIN_HEADERS | packed | {"cache-control": kept})
