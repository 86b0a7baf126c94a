"""Coming in: signing in and out, joining, and being led to an app. Every form is a verb through the door.

Each form is refused unless it was sent from the console itself, and every sign-in sets a fresh session, so that a
session which somebody planted in a browser beforehand is worth nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from greenlane.govern.errors import Conflict, NotFound, SignInNeeded, WrongInput
from greenlane.identity import names, tokens
from greenlane.identity.tokens import Kind
from greenlane.kit.errors import GreenlaneError, Unavailable
from greenlane.web import form, frame, pages
from greenlane.web.asked import SESSION_COOKIE
from greenlane.web.destination import Destination, destination
from greenlane.web.entrance import Entrance, SignedIn
from greenlane.web.pages import FieldError
from greenlane.web.same_origin import sent_from_here

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(house: Entrance) -> list[Route]:
    """Every address of coming in."""
    console = _Console(house)
    return [
        Route("/sign-in", console.page(console.sign_in)),
        Route("/sign-in", console.verb(console.signing_in), methods=["POST"]),
        Route("/sign-in/{secret}", console.page(console.sign_in_link)),
        Route("/sign-in/{secret}", console.verb(console.signing_in_by_link), methods=["POST"]),
        Route("/invitation/{secret}", console.page(console.invitation)),
        Route("/invitation/{secret}", console.verb(console.joining), methods=["POST"]),
        Route("/sign-out", console.page(console.sign_out)),
        Route("/sign-out", console.verb(console.signing_out), methods=["POST"]),
        Route("/signed-out", console.page(console.signed_out)),
    ]


def said(error: GreenlaneError) -> Response:
    """The page for an error of coming in."""
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

    def __init__(self, house: Entrance) -> None:
        self._house = house

    # Around every answer

    def page(self, answer: Endpoint) -> Endpoint:
        """An answer whose errors are pages. Where the address itself is a secret, no other page hears of it."""

        async def endpoint(request: Request) -> Response:
            try:
                answered = await answer(request)
            except GreenlaneError as error:
                answered = said(error)
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

    async def sign_in(self, request: Request) -> Response:
        to = await self._destination(request.query_params.get("to", ""))
        if await self._who(request) is not None:
            return on_to(to) if to else _see("/")
        return pages.sign_in(to)

    async def sign_in_link(self, request: Request) -> Response:
        _secret(request, Kind.LINK)
        return pages.sign_in_link()

    async def invitation(self, request: Request) -> Response:
        _secret(request, Kind.INVITATION)
        return pages.invitation(await self._who(request))

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
        return _with_session(pages.going_on(to.address, to.host), session)

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


def _session(request: Request) -> str:
    return request.cookies.get(SESSION_COOKIE, "")


def _with_session(answer: Response, session: str) -> Response:
    answer.set_cookie(SESSION_COOKIE, session, path="/", secure=True, httponly=True, samesite="lax")
    return answer


def _see(path: str) -> Response:
    """On to another page of the console. ``path`` is always one of our own texts, never a visitor's."""
    return RedirectResponse(path, 303, frame.PLAIN_HEADERS)


def on_to(to: Destination) -> Response:
    """On to an app, which asks the console who this is by itself."""
    return RedirectResponse(to.address, 303, frame.PLAIN_HEADERS)


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
