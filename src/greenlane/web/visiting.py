"""Visitors: being led to an app and known there."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from urllib.parse import urlencode

import orjson
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from greenlane.catalog import queries as catalog
from greenlane.kit import ids
from greenlane.web import frame, pages
from greenlane.web.asked import Asked
from greenlane.web.destination import Destination, destination
from greenlane.web.site import Site

CODE_LASTS = 60.0
"""Seconds for which a one-time visit code works: one redirect."""

_BEGUN = re.compile(r"[0-9a-f]{64}")


def routes(site: Site) -> list[Route]:
    """Every address about visitors."""
    return [site.page("/visit", visit, signed=False)]


def visit(at: Asked) -> Response:
    """Lead a browser to an app, with a code by which the app's host knows whose it is.

    The code is for the browser that the app's host sent here, which is told by the mark ``begun``. Without one the
    browser goes to the app first, which sends it back with a mark.
    """
    to = _destination(at)
    if to is None:
        return pages.not_ours()
    if at.person is None:
        return RedirectResponse(f"/sign-in?{urlencode({'to': to.address})}", 303, frame.PLAIN_HEADERS)
    begun = at.query("begun")
    if not _BEGUN.fullmatch(begun):
        return RedirectResponse(to.address, 302, frame.PLAIN_HEADERS)
    return RedirectResponse(to.with_code(code(at, to.host, begun)), 302, frame.PLAIN_HEADERS)


def code(at: Asked, host: str, begun: str) -> str:
    """A signed code that the edge takes once, for one host, from one browser."""
    payload = orjson.dumps(
        {
            "host": host,
            "session": hashlib.sha256(at.session.encode()).hexdigest(),
            "person": at.me.person,
            "begun": begun,
            "exp": at.now.timestamp() + CODE_LASTS,
            "jti": ids.token(128),
        }
    )
    mac = hmac.new(at.house.visit_key, payload, "sha256").hexdigest()
    return urlsafe_b64encode(payload).rstrip(b"=").decode() + "." + mac


def _destination(at: Asked) -> Destination | None:
    def ours(host: str) -> bool:
        with at.read() as connection:
            return catalog.knows_host(connection, at.house.addresses, host)

    return destination(at.query("to"), console_origin=at.house.addresses.console, is_ours=ours)
