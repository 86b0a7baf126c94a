"""Visitors: being led to an app and known there, and asking to be let in where one is not in its audience."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from urllib.parse import urlencode

import orjson
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from greenlane.catalog import queries as catalog
from greenlane.catalog.actions import AddGuest, AskToOpen
from greenlane.govern import approvals
from greenlane.govern.errors import WrongInput
from greenlane.identity import queries as identity
from greenlane.kit import ids
from greenlane.web import frame, pages
from greenlane.web.asked import Asked
from greenlane.web.destination import Destination, destination
from greenlane.web.doing import FormField, refused
from greenlane.web.site import Site

CODE_LASTS = 60.0
"""Seconds for which a one-time visit code works: one redirect."""

_BEGUN = re.compile(r"[0-9a-f]{64}")


def routes(site: Site) -> list[Route]:
    """Every address about visitors."""
    return [
        site.page("/visit", visit, signed=False),
        site.page("/ask/{app}", ask_page),
        site.form("/ask/{app}", asking),
    ]


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


@dataclass(frozen=True, slots=True)
class Asking:
    """How it stands between a person and an app: what they asked last, who decides or did, and in which words."""

    question: approvals.Question | None = None
    who: str = ""
    words: str = ""


def ask_page(at: Asked, wrong: WrongInput | None = None) -> Response:
    """One field and one button; then who decides; then what they said."""
    with at.read() as connection:
        app = catalog.app(connection, at.named("app"))
        owner = identity.names(connection, [app.owner]).get(app.owner, "")
        standing = _standing(at, connection, app)
    facts, _ = at.explain(AskToOpen(app.name, "-"))
    by_oneself = None
    if facts.audience_widens:
        rights, decision = at.explain(AddGuest(app.name, at.me.person))
        by_oneself = decision if rights.may and decision.goes else None
    return at.page(
        "visiting/ask.html",
        status=422 if wrong else 200,
        app=app,
        address=at.house.addresses.url(app.name),
        owner=owner,
        inside=not facts.audience_widens,
        by_oneself=by_oneself,
        standing=standing,
        because=FormField(
            "because",
            "What do you need it for?",
            "Whoever decides reads it",
            "long",
            at.field("because"),
            required=True,
            wrong=wrong,
        ),
    )


def asking(at: Asked) -> Response:
    """Ask. Asking again continues the request that waits already."""
    app = at.named("app")
    try:
        action = AskToOpen(app, at.field("because"))
    except WrongInput as error:
        return ask_page(at, error)
    answer = at.does(action, key=at.field("key"))
    if answer.state == "refused" and answer.facts.audience_widens:
        return refused(at, answer, f"/ask/{app}")
    return at.see(f"/ask/{app}")


def _standing(at: Asked, connection: Connection, app: catalog.App) -> Asking:
    question = approvals.last_of(connection, f"app:{app.name}", "ask-to-open", at.me.person)
    if question is None:
        return Asking()
    who = question.asked if question.state == "waiting" else (question.decided_by or "",)
    names = identity.names(connection, who)
    said = at.house.door.payloads.open(connection, question.because) if question.because else None
    words = next(iter((said or {}).values()), "")
    return Asking(question, " or ".join(names[one] for one in who if one in names), str(words))


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
