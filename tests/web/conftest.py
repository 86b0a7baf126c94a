"""A console with a house in memory behind it, and the people who live there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from greenlane.web.fake import FakeHouse
from greenlane.web.house import HeldRole, HomeView, OwnApp, SignedIn, Waiting
from greenlane.web.routes import error_page, routes

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
