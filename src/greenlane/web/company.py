"""Coming in through the company's own provider: out to it, back from it, and what it says of its own accord.

What comes back is held against the secret that this browser got when it went out. A provider's own forms and calls come
from elsewhere by nature; each proves itself by its signature.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from greenlane.govern.errors import NotFound, SignInNeeded
from greenlane.identity.sso import pending
from greenlane.identity.sso.actions import JoinBySignIn, LinkIdentity
from greenlane.identity.sso.parts import Landed, not_begun_here
from greenlane.identity.sso.pending import Wish
from greenlane.kit.errors import GreenlaneError, Unavailable
from greenlane.web import coming_in, doing, frame, pages
from greenlane.web.asked import Asked
from greenlane.web.destination import own_path
from greenlane.web.form import LARGEST, SMALL
from greenlane.web.site import Answer, Site

COOKIE = "__Host-greenlane-arriving"
"""Holds the browser's own secret while it is out at a provider."""

LONGEST_MAIL = 254

log = structlog.get_logger()


def routes(site: Site) -> list[Route]:
    """Every address that a provider is told, and those where going there begins."""
    return [
        site.page("/sso/oidc/{name}/begin", _plainly(_beginning("oidc")), signed=False),
        site.page("/sso/saml/{name}/begin", _plainly(_beginning("saml")), signed=False),
        site.page("/sso/oidc/{name}/callback", _plainly(called_back), signed=False),
        site.told("/sso/oidc/{name}/logout", told_of_logout, largest=LARGEST),
        site.page("/sso/saml/{name}/metadata", metadata, signed=False),
        site.told("/sso/saml/{name}/acs", _plainly(asserted), largest=LARGEST),
        site.page("/sso/saml/{name}/slo", _plainly(asked_to_leave), signed=False),
        site.told("/sso/saml/{name}/slo", _plainly(asked_to_leave), largest=LARGEST),
        site.form("/account/company", connecting, largest=SMALL),
    ]


def _plainly(answer: Answer) -> Answer:
    """An answer whose errors are pages that lead back to the sign-in page, and whose address no other page hears of."""

    def answered(at: Asked) -> Response:
        try:
            page = answer(at)
        except Unavailable:
            raise
        except GreenlaneError as error:
            log.warning("a company sign-in was refused", provider=at.named("name"), reason=error.detail or error.code)
            page = pages.not_let_in(error)
        page.headers["referrer-policy"] = "no-referrer"
        return page

    return answered


# out


def _beginning(kind: str) -> Answer:
    def begin(at: Asked) -> Response:
        """Out to the provider, to sign in."""
        to = coming_in.place_of(at, at.query("to"))
        wish = Wish(
            place=to.address if to else "",
            page=own_path(at.query("next")),
            fresh=bool(at.query("again")),
            hint=at.query("mail")[:LONGEST_MAIL],
        )
        return _out(at, at.named("name"), kind, wish, lambda url: RedirectResponse(url, 303, frame.PLAIN_HEADERS))

    return begin


def connecting(at: Asked) -> Response:
    """Out to the provider, to connect one's own account there. Only a form of ours begins this: what somebody else could
    begin, somebody else could end with an account of their own. Who joins a directory by it shows themselves anew there.
    """
    joins = bool(at.field("join"))
    wish = Wish(purpose="join" if joins else "link", person=at.me.person, page="/account", fresh=joins)
    return _led_out(at, at.field("provider"), wish)


def try_out(at: Asked, name: str) -> Response:
    """Out to the provider, to see what it says. Nobody is signed in by that."""
    return _led_out(at, name, Wish(purpose="test", person=at.me.person))


def _led_out(at: Asked, name: str, wish: Wish) -> Response:
    found = next((one for one in at.house.company.everything() if one.name == name), None)
    if found is None:
        raise NotFound("There is no such provider.", next_step="Choose one of those on the page.")
    return _out(at, found.name, found.kind, wish, lambda url: pages.leading_on(url, found.title))


def _out(at: Asked, name: str, kind: str, wish: Wish, leads: Callable[[str], Response]) -> Response:
    """The way out, with the secret by which this browser is known again.

    A SAML provider answers with a form from elsewhere, for which a cookie has to be sent along to elsewhere's forms.
    """
    kept = at.request.cookies.get(COOKIE, "")
    browser = kept if pending.is_browser_secret(kept) else pending.browser_secret()
    company = at.house.company
    url = company.saml.begin(name, wish, browser) if kind == "saml" else company.oidc.begin(name, wish, browser)
    answer = leads(url)
    answer.set_cookie(
        COOKIE,
        browser,
        max_age=int(pending.LASTS.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="none" if kind == "saml" else "lax",
    )
    return answer


# back


def called_back(at: Asked) -> Response:
    """Back from an OpenID Connect provider."""
    browser = _browser(at)
    return _landed(at, lambda: at.house.company.oidc.answered(at.named("name"), dict(at.request.query_params), browser))


def asserted(at: Asked) -> Response:
    """Back from a SAML provider."""
    browser, message, state = _browser(at), at.field("SAMLResponse"), at.field("RelayState")
    return _landed(at, lambda: at.house.company.saml.answered(at.named("name"), message, state, browser))


def _browser(at: Asked) -> str:
    browser = at.request.cookies.get(COOKIE, "")
    if not pending.is_browser_secret(browser):
        raise not_begun_here()
    return browser


def _landed(at: Asked, answered: Callable[[], Landed]) -> Response:
    caller = coming_in.caller(at)
    try:
        landed = answered()
    except Unavailable:
        raise
    except GreenlaneError:
        at.house.arrivals.not_believed(caller)
        raise
    if landed.purpose == "sign-in":
        return coming_in.came_in(at, at.house.arrivals.by_company(landed.secret, caller), landed.place, landed.page)
    if at.person is None or at.person.person != landed.person:
        raise SignInNeeded("Somebody else is signed in here by now.", next_step="Begin again on your own page.")
    if landed.purpose == "link":
        return doing.answered(at, at.does(LinkIdentity(landed.secret)), back="/account")
    if landed.purpose == "join":
        return doing.answered(at, at.does(JoinBySignIn(landed.secret)), back="/account")
    return at.page("sso/tried.html", name=at.named("name"), told=landed.told)


# what a provider says of its own accord


def told_of_logout(at: Asked) -> Response:
    """A provider says by itself that somebody's session has ended. It gets an answer for machines."""
    headers = {"cache-control": "no-store"}
    try:
        at.house.company.oidc.logged_out(at.named("name"), at.field("logout_token"), at.house.door.govern)
    except Unavailable:
        return Response(status_code=503, headers=headers)
    except GreenlaneError as error:
        log.warning("a logout was refused", provider=at.named("name"), reason=error.detail or error.code)
        return Response('{"error":"invalid_request"}', 400, headers, "application/json")
    return Response(status_code=200, headers=headers)


def asked_to_leave(at: Asked) -> Response:
    """A SAML provider signs somebody out, or answers that it did."""
    if at.query("SAMLResponse") or at.field("SAMLResponse"):
        return at.see("/signed-out")
    raw = at.request.url.query
    posted, state = at.field("SAMLRequest"), at.field("RelayState") or at.query("RelayState")
    url = at.house.company.saml.logged_out(at.named("name"), raw, posted, state, at.house.door.govern)
    return RedirectResponse(url, 303, frame.PLAIN_HEADERS)


def metadata(at: Asked) -> Response:
    """What a SAML provider is told of us."""
    found = at.house.company.saml.metadata(at.named("name"))
    return Response(found, media_type="application/samlmetadata+xml", headers=frame.PLAIN_HEADERS)
