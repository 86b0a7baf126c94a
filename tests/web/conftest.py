"""The console over the real door, and the people who live there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.house import Doorway, InOneProcess
from tests.web.neighbours import Neighbours

from greenlane.catalog.addresses import Addresses
from greenlane.govern.actor import Actor
from greenlane.web.asked import SESSION_COOKIE
from greenlane.web.routes import error_page, routes
from greenlane.web.signed_in import SignedIn


@pytest.fixture
def house(lasting: Path, migrated_file: Path) -> Iterator[Neighbours]:
    """A small organisation at an address of its own, on one database: what is tried here are pages."""
    opened = Neighbours(lasting, Addresses("https", "console.example", "apps.example", None), migrated_file)
    yield opened
    opened.close()


@pytest.fixture
def ana(house: Neighbours) -> SignedIn:
    """Somebody who lives here."""
    return house.ana


def _answer(request, error):
    return error_page(error)


def console_of(control: InOneProcess) -> Starlette:
    """Every page of an installation."""
    return Starlette(routes=routes(control.web()), exception_handlers={404: _answer, 405: _answer, 500: _answer})


@pytest.fixture
def browser(house: Neighbours) -> TestClient:
    """A browser that says where its forms come from and follows no redirect by itself."""
    return TestClient(
        console_of(house.control),
        base_url=house.origin,
        follow_redirects=False,
        raise_server_exceptions=False,
        headers={"sec-fetch-site": "same-origin"},
    )


class Visitor:
    """Browsers of people who work behind the real door: ``as_(somebody)`` is theirs, ``nobody`` is signed out."""

    def __init__(self, doorway: Doorway) -> None:
        self.doorway = doorway
        control = doorway.control
        self._app = console_of(control)
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
