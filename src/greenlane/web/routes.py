"""Answers the console's addresses. Reads print a page; every form is a verb, carried out by what ``main`` handed in.

Each form is refused unless it was sent from the console itself, and every sign-in sets a fresh session, so that a
session which somebody planted in a browser beforehand is worth nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from greenlane.govern.errors import Conflict, NotFound, Refused, SignInNeeded, WrongInput
from greenlane.identity import names, tokens
from greenlane.identity.tokens import Kind
from greenlane.kit.errors import GreenlaneError, Unavailable
from greenlane.web import form, pages
from greenlane.web.destination import Destination, destination
from greenlane.web.house import SignedIn, WebHouse
from greenlane.web.pages import FieldError
from greenlane.web.same_origin import sent_from_here

SESSION_COOKIE = "__Host-greenlane"
"""Holds the session's secret. The prefix keeps it to this very host: no sibling can set or overwrite it."""

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(house: WebHouse) -> list[Route]:
    """Every address of the console's pages."""
    console = _Console(house)
    return [
        Route("/", console.page(console.home)),
        Route("/sign-in", console.page(console.sign_in)),
        Route("/sign-in", console.verb(console.signing_in), methods=["POST"]),
        Route("/sign-in/{secret}", console.page(console.sign_in_link)),
        Route("/sign-in/{secret}", console.verb(console.signing_in_by_link), methods=["POST"]),
        Route("/invitation/{secret}", console.page(console.invitation)),
        Route("/invitation/{secret}", console.verb(console.joining), methods=["POST"]),
        Route("/visit", console.page(console.visit)),
        Route("/sign-out", console.page(console.sign_out)),
        Route("/sign-out", console.verb(console.signing_out), methods=["POST"]),
        Route("/signed-out", console.page(console.signed_out)),
        Route("/static/greenlane.css", _stylesheet),
        Route("/static/mark.svg", _mark),
    ]


def error_page(error: Exception) -> Response:
    """The page for an error that no route answered: an unknown address, a wrong method, a fault."""
    if isinstance(error, GreenlaneError):
        return _said(error)
    if isinstance(error, HTTPException) and error.status_code == 404:
        return pages.not_found()
    if isinstance(error, HTTPException) and error.status_code < 500:
        page = pages.message(error.status_code, "This is not possible here", "This address takes no such request.")
        page.headers.update(error.headers or {})
        return page
    return pages.broken()


def _said(error: GreenlaneError) -> Response:
    if isinstance(error, SignInNeeded):
        return _see("/sign-in")
    if isinstance(error, _LinkNotWhole):
        return pages.link_not_whole(error)
    if isinstance(error, NotFound):
        return pages.not_found()
    return pages.failed(error)


class _LinkNotWhole(WrongInput):
    """A link that lost a letter on its way, which the checksum tells from one that is over."""


class _Console:
    """The answers, each a small function of the request and the house."""

    def __init__(self, house: WebHouse) -> None:
        self._house = house

    # Around every answer

    def page(self, answer: Endpoint) -> Endpoint:
        """An answer whose errors are pages. Where the address itself is a secret, no other page hears of it."""

        async def endpoint(request: Request) -> Response:
            try:
                answered = await answer(request)
            except GreenlaneError as error:
                answered = _said(error)
            if "secret" in request.path_params:
                answered.headers["referrer-policy"] = "no-referrer"
            return answered

        return endpoint

    def verb(self, answer: Endpoint) -> Endpoint:
        """An answer to a form: only for forms that the console itself sent."""

        async def guarded(request: Request) -> Response:
            if not sent_from_here(request.headers, self._house.console_origin):
                return pages.not_sent_from_here()
            return await answer(request)

        return self.page(guarded)

    # Pages

    async def home(self, request: Request) -> Response:
        person = await self._who(request)
        if person is None:
            return _see("/sign-in")
        view = await run_in_threadpool(self._house.home, person.person)
        return pages.home(view, self._house.console_origin)

    async def sign_in(self, request: Request) -> Response:
        to = await self._destination(request.query_params.get("to", ""))
        if await self._who(request) is not None:
            return _see(_visit(to) if to else "/")
        return pages.sign_in(to)

    async def sign_in_link(self, request: Request) -> Response:
        _secret(request, Kind.LINK)
        return pages.sign_in_link()

    async def invitation(self, request: Request) -> Response:
        _secret(request, Kind.INVITATION)
        return pages.invitation(await self._who(request))

    async def visit(self, request: Request) -> Response:
        to = await self._destination(request.query_params.get("to", ""))
        if to is None:
            return pages.not_ours()
        person = await self._who(request)
        if person is None:
            return _see(f"/sign-in?{urlencode({'to': to.address})}")
        try:
            return RedirectResponse(await self._way_in(_session(request), to), 302, pages.PAGE_HEADERS)
        except Refused as error:
            return pages.may_not_open(error, person)

    async def sign_out(self, request: Request) -> Response:
        person = await self._who(request)
        return pages.sign_out(person) if person else _see("/signed-out")

    async def signed_out(self, request: Request) -> Response:
        return pages.signed_out()

    # Verbs

    async def signing_in(self, request: Request) -> Response:
        typed = await form.fields(request)
        to = await self._destination(typed.get("to", ""))
        try:
            session = await run_in_threadpool(self._house.sign_in, _pasted(typed.get("secret", "")))
        except Unavailable:
            raise
        except GreenlaneError as error:
            return pages.sign_in(to, FieldError.of("secret", error))
        if to is None:
            return _with_session(_see("/"), session)
        return _with_session(pages.going_on(await self._way_in(session, to), to.host), session)

    async def signing_in_by_link(self, request: Request) -> Response:
        secret = _secret(request, Kind.LINK)
        try:
            session = await run_in_threadpool(self._house.sign_in, secret)
        except Unavailable:
            raise
        except GreenlaneError as error:
            return pages.dead_link(error)
        return _with_session(_see("/"), session)

    async def joining(self, request: Request) -> Response:
        secret = _secret(request, Kind.INVITATION)
        typed = await form.fields(request)
        person = await self._who(request)
        name, email = ("", "") if person else (typed.get("name", ""), typed.get("email", ""))
        wrong = None if person else _wrong_about(name, email)
        if wrong is not None:
            return pages.invitation(person, name, email, wrong)
        mine = _session(request) if person else None
        try:
            session = await run_in_threadpool(self._house.accept_invitation, secret, name, email, mine)
        except (WrongInput, Conflict) as error:
            return pages.invitation(person, name, email, FieldError.of("", error))
        except Unavailable:
            raise
        except GreenlaneError as error:
            return pages.dead_link(error)
        return _with_session(_see("/"), session)

    async def signing_out(self, request: Request) -> Response:
        if await self._who(request) is not None:
            await run_in_threadpool(self._house.sign_out, _session(request))
        answer = _see("/signed-out")
        answer.delete_cookie(SESSION_COOKIE, secure=True, httponly=True, samesite="lax")
        return answer

    # What several answers ask

    async def _who(self, request: Request) -> SignedIn | None:
        session = _session(request)
        if tokens.kind_of(session) is not Kind.SESSION:
            return None
        return await run_in_threadpool(self._house.who, session)

    async def _destination(self, wanted: str) -> Destination | None:
        house = self._house
        return await run_in_threadpool(
            destination, wanted, console_origin=house.console_origin, is_ours=house.may_visit_host
        )

    async def _way_in(self, session: str, to: Destination) -> str:
        return to.with_code(await run_in_threadpool(self._house.visit_code, session, to.host))


def _session(request: Request) -> str:
    return request.cookies.get(SESSION_COOKIE, "")


def _with_session(answer: Response, session: str) -> Response:
    answer.set_cookie(SESSION_COOKIE, session, path="/", secure=True, httponly=True, samesite="lax")
    return answer


def _see(path: str) -> Response:
    """On to another page of the console. ``path`` is always one of our own texts, never a visitor's."""
    return RedirectResponse(path, 303, pages.PAGE_HEADERS)


def _visit(to: Destination) -> str:
    return f"/visit?{urlencode({'to': to.address})}"


def _secret(request: Request, kind: Kind) -> str:
    """The secret in a link's address."""
    secret = str(request.path_params["secret"])
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
    for field, check, said in (("name", names.check_person, name), ("email", names.check_email, email)):
        try:
            check(said)
        except WrongInput as error:
            return FieldError.of(field, error)
    return None


async def _stylesheet(request: Request) -> Response:
    return _kept(request, pages.STYLESHEET, "text/css; charset=utf-8")


async def _mark(request: Request) -> Response:
    return _kept(request, pages.MARK, "image/svg+xml")


def _kept(request: Request, body: bytes, kind: str) -> Response:
    """A file of ours. Asked for by its version, a browser may keep it for good."""
    whole = request.query_params.get("v") == pages.STYLESHEET_VERSION
    kept = "public, max-age=31536000, immutable" if whole else "no-cache"
    return Response(body, media_type=kind, headers=pages.PAGE_HEADERS | {"cache-control": kept})
