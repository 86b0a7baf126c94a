"""Coming in: signing in and out, joining, and the offer of a way in of one's own. Every form is a verb through the door.

Each form counts only when the console itself sent it, and every sign-in sets a fresh session, so that a session which
somebody planted in a browser beforehand is worth nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from greenlane.catalog import queries as catalog
from greenlane.govern.errors import Conflict, NotFound, SignInNeeded, TooSoon, WrongInput
from greenlane.identity import devices, names, queries, tokens
from greenlane.identity.actions import SignOut
from greenlane.identity.arriving import Caller, Opened
from greenlane.identity.tokens import Kind
from greenlane.kit import ids
from greenlane.kit.errors import GreenlaneError, Unavailable
from greenlane.web import frame, pages
from greenlane.web.asked import SESSION_COOKIE, Asked
from greenlane.web.destination import Destination, destination, own_path
from greenlane.web.form import SMALL
from greenlane.web.pages import FieldError
from greenlane.web.site import Answer, Site

BROWSER_COOKIE = "__Host-greenlane-browser"
"""What a browser keeps so that signing in with a new one can be told of."""

_BROWSER = re.compile(r"[A-Za-z0-9_-]{43}")
_A_YEAR = 365 * 24 * 3600


def routes(site: Site) -> list[Route]:
    """Every address of coming in."""
    return [
        site.page("/sign-in", sign_in, signed=False),
        site.form("/sign-in", signing_in, signed=False, largest=SMALL),
        site.form("/sign-in/question", question, signed=False, largest=SMALL),
        site.page("/sign-in/recover", recover, signed=False),
        site.form("/sign-in/recover", recovering, signed=False, largest=SMALL),
        site.page("/sign-in/{secret}", _secretly(sign_in_link), signed=False),
        site.form("/sign-in/{secret}", _secretly(signing_in_by_link), signed=False, largest=SMALL),
        site.page("/invitation/{secret}", _secretly(invitation), signed=False),
        site.form("/invitation/{secret}", _secretly(joining), signed=False, largest=SMALL),
        site.page("/welcome", welcome),
        site.page("/sign-out", sign_out, signed=False),
        site.form("/sign-out", signing_out, signed=False, largest=SMALL),
        site.page("/signed-out", signed_out, signed=False),
    ]


def said(error: GreenlaneError) -> Response:
    """The page for an error that no page of somebody's own can tell."""
    if isinstance(error, SignInNeeded):
        return RedirectResponse("/sign-in", 303, frame.PLAIN_HEADERS)
    if isinstance(error, _LinkNotWhole):
        return pages.link_not_whole(error)
    if isinstance(error, NotFound):
        return pages.not_found()
    return pages.failed(error)


class _LinkNotWhole(WrongInput):
    """A link that lost a letter on its way, which the checksum tells from one that is over."""


def _secretly(answer: Answer) -> Answer:
    """An answer at an address that is itself a secret: its errors are pages of nobody's, and no other page hears of it."""

    def answered(at: Asked) -> Response:
        try:
            page = answer(at)
        except GreenlaneError as error:
            page = said(error)
        page.headers["referrer-policy"] = "no-referrer"
        return page

    return answered


# signing in


def sign_in(at: Asked) -> Response:
    """Every way in on one page. Who is signed in goes on at once, unless they are asked to show it once more."""
    if at.person is not None and not at.query("again"):
        to = place_of(at, at.query("to"))
        return (
            RedirectResponse(to.address, 303, frame.PLAIN_HEADERS) if to else at.see(own_path(at.query("next")) or "/")
        )
    return _sign_in(at, at.query("to"), at.query("next"))


def signing_in(at: Asked) -> Response:
    """One form for every way: what was filled in says which."""
    if "mail" in at.form:
        return _home(at)
    ways: dict[str, Callable[[Caller], Opened]] = {
        "passkey": lambda caller: at.house.arrivals.by_passkey(at.field("passkey"), caller),
        "secret": lambda caller: at.house.arrivals.by_secret(_pasted(at.field("secret")), caller),
        "password": lambda caller: at.house.arrivals.by_password(at.field("name"), _typed(at, "password"), caller),
    }
    way = next((one for one in ("passkey", "secret") if one in at.form), "password")
    try:
        opened = ways[way](caller(at))
    except Unavailable:
        raise
    except GreenlaneError as error:
        field = "form" if isinstance(error, TooSoon) and way == "password" else way
        page = _sign_in(at, at.field("to"), at.field("next"), FieldError.of(field, error), at.field("name"))
        if isinstance(error, TooSoon):
            page.headers["retry-after"] = str(error.seconds)
        return page
    return _in(at, opened)


def _home(at: Asked) -> Response:
    """The provider of somebody's mail address. A page in between leads there: ``form-action`` holds for redirects."""
    typed = at.field("mail")
    home = at.house.company.home_of(typed)
    if home is None:
        error = FieldError("mail", "No sign-in of a company belongs to this address.", "Sign in another way below.")
        return _sign_in(at, at.field("to"), at.field("next"), error, mail_typed=typed)
    wanted = {"to": at.field("to"), "next": at.field("next"), "mail": typed, "again": "yes" if at.person else ""}
    onward = urlencode({name: value for name, value in wanted.items() if value})
    return pages.leading_on(f"{home.address}?{onward}", home.title)


def question(at: Asked) -> Response:
    """What a browser asks its passkeys."""
    return Response(at.house.arrivals.ask(), media_type="application/json", headers=frame.PLAIN_HEADERS)


def recover(at: Asked) -> Response:
    """Asks for a recovery code."""
    return _recover(at, at.query("to"), at.query("next"))


def recovering(at: Asked) -> Response:
    """A code is used up and opens a session."""
    try:
        opened = at.house.arrivals.by_recovery_code(at.field("code"), caller(at))
    except Unavailable:
        raise
    except GreenlaneError as error:
        return _recover(at, at.field("to"), at.field("next"), FieldError.of("code", error))
    return _in(at, opened)


def sign_in_link(at: Asked) -> Response:
    """One button. The link itself does nothing, because mail scanners open links; and it names nobody."""
    _secret(at, Kind.LINK)
    return pages.sign_in_link()


def signing_in_by_link(at: Asked) -> Response:
    """The button of a link."""
    try:
        return _in(at, at.house.arrivals.by_secret(_secret(at, Kind.LINK), caller(at)))
    except SignInNeeded as error:
        return pages.dead_link(error)


# joining


def invitation(at: Asked) -> Response:
    """Asks somebody new for their name; somebody who is here already only presses the button."""
    _secret(at, Kind.INVITATION)
    return pages.invitation(at.person)


def joining(at: Asked) -> Response:
    """The button of an invitation."""
    secret = _secret(at, Kind.INVITATION)
    name, email = ("", "") if at.person else (at.field("name"), at.field("email"))
    wrong = None if at.person else _wrong_about(name, email)
    if wrong is not None:
        return pages.invitation(at.person, name, email, wrong)
    try:
        mine = at.session if at.person else ""
        opened = at.house.arrivals.by_invitation(secret, name, email, mine, caller(at))
    except (WrongInput, Conflict) as error:
        return pages.invitation(at.person, name, email, FieldError.of("", error))
    except SignInNeeded as error:
        return pages.dead_link(error)
    return _in(at, opened) if opened.secret else at.see("/")


def welcome(at: Asked) -> Response:
    """The offer of a passkey or a password, for somebody who came in by what works once. It can be put off."""
    with at.read() as connection:
        me = queries.person(connection, at.me.person)
    return at.page(
        "coming_in/welcome.html",
        next=own_path(at.query("next")) or "/",
        username=me.email or me.name,
        has_password=False,
        first=True,
        error=None,
    )


# signing out


def sign_out(at: Asked) -> Response:
    """One button, for those who typed the address."""
    return pages.sign_out(at.person) if at.person else at.see("/signed-out")


def signing_out(at: Asked) -> Response:
    """End the session of this browser."""
    url = ""
    if at.person is not None:
        url = at.house.company.leaving(at.actor.credential or "")
        at.does(SignOut())
    answer = pages.leading_on(url, "your company’s sign-in", leaving=True) if url else at.see("/signed-out")
    answer.delete_cookie(SESSION_COOKIE, secure=True, httponly=True, samesite="lax")
    return answer


def signed_out(at: Asked) -> Response:
    """It is done."""
    return pages.signed_out()


# what several answers need


def _sign_in(
    at: Asked, to: str, wanted: str, error: FieldError | None = None, name: str = "", mail_typed: str = ""
) -> Response:
    place, next_page = place_of(at, to), own_path(wanted)
    onward = {"to": place.address} if place else {"next": next_page} if next_page else {}
    return pages.sign_in(
        place,
        error,
        next_page=next_page,
        name=name,
        again=at.person.name if at.person else "",
        recover="/sign-in/recover" + (f"?{urlencode(onward)}" if onward else ""),
        company=_offered(at, onward),
        mail=mail_typed if at.house.company.leads_home() else None,
    )


def _offered(at: Asked, onward: dict[str, str]) -> list[tuple[str, str]]:
    """The company's providers: what each button says, and where it leads."""
    if at.person is not None:
        onward = {**onward, "again": "yes"}
    behind = f"?{urlencode(onward)}" if onward else ""
    return [(one.title, one.address + behind) for one in at.house.company.offered()]


def _recover(at: Asked, to: str, wanted: str, error: FieldError | None = None) -> Response:
    return pages.recover(place_of(at, to), own_path(wanted), error)


def _in(at: Asked, opened: Opened) -> Response:
    return came_in(at, opened, at.field("to"), at.field("next"))


def came_in(at: Asked, opened: Opened, to: str, wanted: str) -> Response:
    """On to where somebody wanted to go, with their new session. The one that they had in this browser ends.

    An app is another origin: a page in between leads there, because browsers hold every redirect that follows a form
    against the form's ``form-action``.
    """
    if at.signed is not None:
        at.does(SignOut())
    place, next_page = place_of(at, to), own_path(wanted) or "/"
    if place is not None:
        answer = pages.going_on(place.address, place.host)
    elif opened.way in {"link", "invitation", "recovery code"} and _has_no_way(at, opened.person):
        answer = at.see("/welcome" if next_page == "/" else f"/welcome?{urlencode({'next': next_page})}")
    else:
        answer = at.see(next_page)
    answer.set_cookie(SESSION_COOKIE, opened.secret, path="/", secure=True, httponly=True, samesite="lax")
    _known_again(at, answer)
    return answer


def _has_no_way(at: Asked, person: str) -> bool:
    with at.read() as connection:
        ways = queries.ways_in(connection, person)
    return ways.password is None and not ways.passkeys


def caller(at: Asked) -> Caller:
    """Where a request comes from."""
    address = at.request.client.host if at.request.client else ""
    browser = at.request.cookies.get(BROWSER_COOKIE, "")
    if not _BROWSER.fullmatch(browser):
        browser = getattr(at.request.state, "browser", "") or ids.token()
    at.request.state.browser = browser
    return Caller(address, devices.in_words(at.request.headers.get("user-agent", "")), tokens.sha256(browser))


def _known_again(at: Asked, answer: Response) -> None:
    """Let the browser keep what it is known again by, whoever signs in with it. It lets nobody in."""
    if browser := getattr(at.request.state, "browser", ""):
        answer.set_cookie(BROWSER_COOKIE, browser, _A_YEAR, path="/", secure=True, httponly=True, samesite="lax")


def place_of(at: Asked, wanted: str) -> Destination | None:
    """The app that somebody wanted to open; None for whatever is no app of ours."""
    addresses = at.house.addresses

    def is_ours(host: str) -> bool:
        with at.read() as connection:
            return catalog.knows_host(connection, addresses, host)

    return destination(wanted, console_origin=addresses.console, is_ours=is_ours)


def _typed(at: Asked, name: str) -> str:
    """What was typed, with the spaces around it: they belong to a password."""
    return at.form.get(name, [""])[-1]


def _secret(at: Asked, kind: Kind) -> str:
    """The secret in a link's address."""
    secret = at.named("secret")
    if tokens.kind_of(secret) is not kind:
        raise _LinkNotWhole(
            "A part of it is missing, or it is a link for something else.",
            next_step="Copy it again, from its first letter to its last, or ask for a new one.",
        )
    return secret


def _pasted(text: str) -> str:
    """The one-time secret or API token in what somebody pasted: a whole link, a line around it, or itself."""
    if not text:
        raise WrongInput("Nothing was pasted.", next_step="Paste your sign-in link or an API token.")
    for found in tokens.PATTERN.finditer(text):
        if tokens.kind_of(found.group()) in {Kind.LINK, Kind.API}:
            return found.group()
        if tokens.kind_of(found.group()) is Kind.INVITATION:
            raise WrongInput("This is an invitation.", next_step="Open the link itself to join.")
    raise WrongInput(
        "This is neither a sign-in link nor an API token, or a part of it is missing.",
        next_step="Copy it again, from its first letter to its last.",
    )


def _wrong_about(name: str, email: str) -> FieldError | None:
    """What is wrong with what somebody said about themselves, at the first field where something is."""
    if not name:
        return FieldError("name", "Your name is missing.", "Type it as others here should read it.")
    for field, check, said_so in (("name", names.check_person, name), ("email", names.check_email, email)):
        try:
            check(said_so)
        except WrongInput as error:
            return FieldError.of(field, error)
    return None
