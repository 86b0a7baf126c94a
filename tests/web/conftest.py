"""A console with a house in memory behind it, and the people who live there."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from starlette.applications import Starlette
from starlette.testclient import TestClient

from greenlane.web.fake import FakeHouse
from greenlane.web.house import HeldRole, HomeView, OwnApp, SignedIn, Waiting
from greenlane.web.routes import error_page, routes

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

ANA = HomeView(
    SignedIn("p_ana", "Ana Costa"),
    (HeldRole("builder", "in the team operations"), HeldRole("reviewer", "everywhere")),
    (
        OwnApp("vendor-board", "Vendor board", "https://vendor-board.apps.example", "team", "live"),
        OwnApp("metrics", "Metrics", "https://metrics.apps.example", "everyone", "empty"),
    ),
    (
        Waiting(
            "req_7h2k",
            "Ben Okafor wants to publish Offsite to the whole internet.",
            datetime(2026, 11, 20, 14, 5, tzinfo=UTC),
            mine=False,
        ),
        Waiting(
            "req_9d4m",
            "You want to open Metrics to everyone here.",
            datetime(2026, 11, 19, 9, 30, tzinfo=UTC),
            mine=True,
        ),
    ),
)


@pytest.fixture
def ana() -> HomeView:
    """Somebody with two roles, two apps, one decision to make and one to wait for."""
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
    app = Starlette(routes=list(routes(house)), exception_handlers={404: _answer, 405: _answer, 500: _answer})
    return TestClient(
        app,
        base_url=house.console_origin,
        follow_redirects=False,
        raise_server_exceptions=False,
        headers={"sec-fetch-site": "same-origin"},
    )


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
