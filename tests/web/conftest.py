"""A console with a house in memory behind it, and the people who live there."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.house import Doorway

from greenlane.govern.actor import Actor
from greenlane.web import coming_in
from greenlane.web.asked import SESSION_COOKIE
from greenlane.web.console import Console
from greenlane.web.entrance import SignedIn
from greenlane.web.fake import FakeHouse
from greenlane.web.routes import error_page, files, routes

ANA = SignedIn("p_ana", "Ana Costa")


@pytest.fixture
def ana() -> SignedIn:
    """Somebody who lives here."""
    return ANA


@pytest.fixture
def house() -> FakeHouse:
    """The rest of the program, in memory."""
    return FakeHouse()


def _answer(request, error):
    return error_page(error)


@pytest.fixture
def browser(house: FakeHouse) -> TestClient:
    """A browser that says where its forms come from and follows no redirect by itself."""
    app = Starlette(
        routes=[*coming_in.routes(house), files()], exception_handlers={404: _answer, 405: _answer, 500: _answer}
    )
    return TestClient(
        app,
        base_url=house.console_origin,
        follow_redirects=False,
        raise_server_exceptions=False,
        headers={"sec-fetch-site": "same-origin"},
    )


class Visitor:
    """Browsers of people who work behind the real door: ``as_(somebody)`` is theirs, ``nobody`` is signed out."""

    def __init__(self, doorway: Doorway) -> None:
        self.doorway = doorway
        control = doorway.control
        entrance = Console(control.door, control.addresses)
        self._app = Starlette(
            routes=routes(control.web(), entrance), exception_handlers={404: _answer, 405: _answer, 500: _answer}
        )
        self._browsers: dict[str, TestClient] = {}

    @property
    def nobody(self) -> TestClient:
        """A browser that is signed out."""
        return self._browser()

    def as_(self, actor: Actor) -> TestClient:
        """The browser of somebody, the same one each time."""
        if actor.id not in self._browsers:
            opened = self._browser()
            opened.cookies.set(SESSION_COOKIE, self.doorway.session(actor))
            self._browsers[actor.id] = opened
        return self._browsers[actor.id]

    def _browser(self) -> TestClient:
        origin = self.doorway.control.addresses.console.replace("http://", "https://")  # cookies are Secure
        return TestClient(
            self._app,
            base_url=origin,
            follow_redirects=False,
            raise_server_exceptions=False,
            headers={"sec-fetch-site": "same-origin"},
        )


@pytest.fixture
def console(doorway: Doorway) -> Visitor:
    """The whole console over the real door, on both databases."""
    return Visitor(doorway)
