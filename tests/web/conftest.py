"""A console with a house in memory behind it, and the people who live there."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
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

AXE_VERSION = "4.14.1"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

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
        entrance = Console(control.door, control.addresses, bytes(32))
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


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, of the pinned version and digest, kept in the clone's cache."""
    cache = Path(__file__).parents[2] / ".cache" / "npm"
    script = cache / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        cache.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--prefix", str(cache), "--no-save", "--ignore-scripts", "--silent"]
        subprocess.run([*install, f"axe-core@{AXE_VERSION}"], check=True, timeout=120)
    text = script.read_text(encoding="utf-8")
    assert hashlib.sha256(text.encode()).hexdigest() == AXE_SHA256, "remove .cache/npm: it holds another axe-core"
    return text


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield browser
        browser.close()
