"""A terminal wants to sign in: its person reads what it asks for and from where, and allows or refuses it.

Two ways lead to the same page. A terminal that opened this browser is answered at its loopback address; a terminal
elsewhere waits, and its code is typed here.
"""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response
from starlette.routing import Route

from greenlane.govern.errors import Conflict, NotFound, TooSoon, WrongInput
from greenlane.identity.delegation.exchange import NotExchanged
from greenlane.identity.login import asking, flows, queries
from greenlane.identity.login.actions import AllowLogin, RefuseLogin
from greenlane.identity.login.asking import Wanted
from greenlane.identity.login.queries import Login
from greenlane.identity.roles import EVERY_SCOPE
from greenlane.web import doing, pages
from greenlane.web.account import SCOPES
from greenlane.web.asked import Asked
from greenlane.web.coming_in import caller
from greenlane.web.form import SMALL
from greenlane.web.pages import FieldError
from greenlane.web.site import Site


def routes(site: Site) -> list[Route]:
    """Where terminals lead, where codes are typed, and the page that both end at."""
    return [
        site.page("/login", beginning),
        site.page("/login/{login}", reading),
        site.form("/login/{login}", answering, largest=SMALL),
        site.page("/device", device),
        site.form("/device", typing, largest=SMALL),
    ]


def beginning(at: Asked) -> Response:
    """The authorization endpoint: what a terminal that opened this browser asks for. Without a question, by hand.

    A terminal hears what is wrong with its question only at an address of this machine.
    """
    redirect = at.query("redirect_uri")
    if not redirect:
        return at.see("/device")
    flows.check_redirect(redirect)
    days = at.query("days", str(flows.DAYS))
    wanted = Wanted(
        at.query("client_id"),
        tuple(at.query("scope").split()) or EVERY_SCOPE,
        int(days) if days.isdecimal() and len(days) < 5 else 0,
        at.query("machine"),
        caller(at).address,
    )
    code = at.query("response_type") == "code" and at.query("code_challenge_method") == "S256"
    try:
        if not code:
            raise NotExchanged("unsupported_response_type", "Only a code with a challenge (S256) is given here.")
        challenge = at.query("code_challenge")
        asked = at.house.logins.by_browser(wanted, redirect, at.query("state"), challenge, at.me.person)
    except NotExchanged as error:
        raise WrongInput(error.message, next_step=error.next_step or "Type `greenlane login` once more.") from error
    return at.see(f"/login/{asked}")


def device(at: Asked) -> Response:
    """Asks for the code that a terminal shows."""
    return at.page("terminals/device.html", code=flows.shown_code(flows.plain_code(at.query("code"))[:8]), error=None)


def typing(at: Asked) -> Response:
    """On to what the terminal with this code asks for."""
    typed = at.field("code")
    try:
        found = at.house.logins.find(typed, caller(at).address, at.me.person)
    except (NotFound, TooSoon) as error:
        page = at.page("terminals/device.html", status=422, code=typed[:20], error=FieldError.of("code", error))
        if isinstance(error, TooSoon):
            page.headers["retry-after"] = str(error.seconds)
        return page
    return at.see(f"/login/{found.id}")


def reading(at: Asked) -> Response:
    """What is asked for, by which machine, from where; and two buttons."""
    one = _one(at)
    here = caller(at).address
    return at.page(
        "terminals/terminal.html",
        one=one,
        code=flows.shown_code(one.user_code),
        may=[words for scope, words in SCOPES if scope in one.scopes],
        until=at.now + timedelta(days=one.days),
        elsewhere=bool(one.user_code) and one.address != here,
        here=here,
        waits=one.waits(at.now),
    )


def answering(at: Asked) -> Response:
    """One of the two buttons. Whoever waits on this machine is led its answer."""
    one = _one(at)
    allows = at.field("answer") == "allow"
    try:
        answer = at.does(AllowLogin(one.id) if allows else RefuseLogin(one.id))
    except Conflict:
        return at.see(f"/login/{one.id}")
    if answer.state != "done":
        return doing.refused(at, answer, f"/login/{one.id}")
    if one.user_code:
        return at.see(f"/login/{one.id}", answer)
    told = {"code": str(answer.answer["code"])} if allows else {"error": "access_denied"}
    return pages.back_to_terminal(asking.led_back(one, at.house.addresses.console, **told))


def _one(at: Asked) -> Login:
    """The question, for whoever may answer it. Somebody else's and none look alike."""
    with at.read() as connection:
        one = queries.login(connection, at.named("login"))
    if one.person not in {None, at.me.person}:
        raise NotFound("No terminal asks this, or it is over.", next_step="Type `greenlane login` once more.")
    return one
