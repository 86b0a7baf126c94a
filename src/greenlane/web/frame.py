"""Prints a page, or the part of it that a running page asks for, under one strict Content-Security-Policy.

Every answer has a nonce of its own. Scripts carry it, and so does every element that htmx may work with (``{{ hx }}`` in
a template): an element that somebody smuggled into a page has none and stays dead.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from greenlane.gateway.prices.money import dollars
from greenlane.kit import ids
from greenlane.web import assets, dropping, packing, wording

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types htmx"
)
"""Our own scripts, stylesheet and pictures, forms and requests to ourselves; no frame, no other host, and no text that
becomes a script: https://www.w3.org/TR/CSP3/ and https://www.w3.org/TR/trusted-types/."""

PLAIN_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
"""What every answer without a script is sent with: redirects, files, downloads."""

TEMPLATES = files("greenlane.web") / "templates"
"""Where the templates lie, a folder a room."""

_ENVIRONMENT = Environment(
    loader=PackageLoader("greenlane.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@pass_context
def _hx(context: Context) -> Markup:
    return Markup('hx-nonce="{}"').format(context["nonce"])


_ENVIRONMENT.globals.update(
    asset=assets.address,
    drop_rules=dropping.RULES,
    hx=_hx,
    new_key=lambda: ids.token(96),
    said_nothing=None,
)
_ENVIRONMENT.filters.update(
    moment=wording.moment,
    ago=wording.ago,
    number=wording.number,
    bytes=wording.size,
    short=wording.short,
    plural=wording.plural,
    advice=wording.without_commands,
    day=wording.day,
    dollars=dollars,
)


def headers(nonce: str) -> dict[str, str]:
    """What a page is sent with."""
    return PLAIN_HEADERS | {"content-security-policy": _POLICY.format(nonce=nonce), "vary": "HX-Request-Type"}


def partial(request: Request) -> bool:
    """Whether a running page asks for a part of itself. Going back in the browser asks for the whole page."""
    return request.headers.get("hx-request-type") == "partial"


def show(
    request: Request | None, template: str, told: Mapping[str, Any], *, status: int = 200, part: str = ""
) -> Response:
    """A page. With ``part``, only that block of its template when htmx asks for a part."""
    nonce = secrets.token_urlsafe(16)
    whole = {"person": None, "nav": (), "here": "", "toast": None, "waiting_for_me": 0, "nonce": nonce, **told}
    page = _ENVIRONMENT.get_template(template)
    if request is not None and part and partial(request):
        context = page.new_context(whole)
        next(page.root_render_func(context))  # runs the imports at the top, which a block alone would lack
        html = "".join(page.blocks[part](context))
    else:
        html = page.render(whole)
    accept = request.headers.get("accept-encoding", "") if request is not None else ""
    body, packed = packing.pack(html.encode(), accept)
    vary = "HX-Request-Type, Accept-Encoding"
    return HTMLResponse(body, status, headers(nonce) | packed | {"vary": vary})
