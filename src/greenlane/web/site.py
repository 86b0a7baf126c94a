"""The console's frame around every answer: who asks, whether a form counts, and what an error looks like.

A room of the console is a module with ``routes(site)``. Its answers are plain functions of what was asked; they run in a
worker thread, because they read the database. Errors become pages by themselves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from greenlane.identity import queries as identity
from greenlane.identity import tokens
from greenlane.identity.tokens import Kind
from greenlane.kit.errors import GreenlaneError
from greenlane.web import errors, form, pages
from greenlane.web.asked import SESSION_COOKIE, Asked
from greenlane.web.form import Fields
from greenlane.web.house import WebHouse
from greenlane.web.same_origin import sent_from_here
from greenlane.web.signed_in import SignedIn

Answer = Callable[[Asked], Response]
Taking = Callable[[Asked], Awaitable[Response]]


class Site:
    """Makes routes out of answers."""

    def __init__(self, house: WebHouse) -> None:
        self.house = house

    def page(self, path: str, answer: Answer, *, signed: bool = True) -> Route:
        """A page that is read. ``signed``: only somebody who is signed in reads it; others are led to sign in."""

        async def endpoint(request: Request) -> Response:
            return await run_in_threadpool(self._answered, request, answer, {}, signed)

        return Route(path, endpoint, methods=["GET"])

    def form(self, path: str, answer: Answer, *, signed: bool = True, largest: int = form.LARGEST) -> Route:
        """An address that takes a form. Only forms that the console itself sent count."""

        async def endpoint(request: Request) -> Response:
            if not sent_from_here(request.headers, self.house.addresses.console):
                return pages.not_sent_from_here()
            try:
                typed = await form.read(request, largest)
            except GreenlaneError as error:
                return pages.failed(error)
            return await run_in_threadpool(self._answered, request, answer, typed, signed)

        return Route(path, endpoint, methods=["POST"])

    def told(self, path: str, answer: Answer, *, largest: int) -> Route:
        """An address to which somebody else's page or machine sends a form. Whether it counts, its content must prove."""

        async def endpoint(request: Request) -> Response:
            try:
                typed = await form.read(request, largest)
            except GreenlaneError as error:
                return pages.failed(error)
            return await run_in_threadpool(self._answered, request, answer, typed, False)

        return Route(path, endpoint, methods=["POST"])

    def taking(self, path: str, answer: Taking, *, method: str = "POST") -> Route:
        """An address that takes more than a form: the answer is a coroutine and reads what comes, bit by bit."""

        async def endpoint(request: Request) -> Response:
            if not sent_from_here(request.headers, self.house.addresses.console):
                return pages.not_sent_from_here()
            at = await run_in_threadpool(self.asked, request, {})
            if at.person is None:
                return errors.sign_in_first(at)
            try:
                return await answer(at)
            except GreenlaneError as error:
                return await run_in_threadpool(errors.told, at, error)

        return Route(path, endpoint, methods=[method])

    def asked(self, request: Request, typed: Fields) -> Asked:
        """What a request asks, and who asks it."""
        now = self.house.clock.now()
        signed, person = self._who(request.cookies.get(SESSION_COOKIE, ""))
        return Asked(self.house, request, signed, person, typed, now)

    def _answered(self, request: Request, answer: Answer, typed: Fields, signed: bool) -> Response:
        at = self.asked(request, typed)
        if signed and at.person is None:
            return errors.sign_in_first(at)
        try:
            return answer(at)
        except GreenlaneError as error:
            return errors.told(at, error)

    def _who(self, session: str) -> tuple[identity.Signed | None, SignedIn | None]:
        if tokens.kind_of(session) is not Kind.SESSION:
            return None, None
        with self.house.database.read() as connection:
            found = identity.who_is(connection, session, self.house.clock.now())
            if found is None or found.actor.kind != "person":
                return None, None
            name = identity.names(connection, [found.actor.id]).get(found.actor.id, "")
        self.house.arrivals.seen(found.actor.credential)
        return found, SignedIn(found.actor.id, name)
