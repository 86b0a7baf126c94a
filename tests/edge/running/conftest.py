"""An edge that serves three apps which run code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.edge.conftest import World, furnish
from tests.edge.running.apps import App

from greenlane.edge.options import AppLimits

QUICK = AppLimits(
    answer=2, silence=1, whole=5, body=100_000, at_once=4, queued=2, patience=0.3, tunnels=2, page_after=0.1,
    hold=5, wait=0.6, wake=20, mended=0,
)  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, apps=QUICK)
    furnish(made)
    made.host("calc.localhost", "d1aaaaaaa", run={"kind": "asgi"})
    made.host("desk.localhost", "d1aaaaaaa", "team", run={"kind": "asgi"})
    functions = [
        {"name": "search", "path": "/api/search/*", "methods": ["GET", "POST"]},
        {"name": "user", "path": r"/users/[^/]+/*", "methods": []},
        {"name": "rest", "path": r"/(?:about|notes)/*", "methods": [], "files_first": True},
    ]
    made.host("mixed.localhost", "d1aaaaaaa", run={"kind": "functions", "functions": functions})
    made.table["people"]["p_ada"] |= {"name": "Ada", "email": "ada@example.com"}
    made.start()
    yield made
    made.stop()


def app_of(world: World, name: str) -> Iterator[App]:
    made = App(world, name)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def calc(world: World) -> Iterator[App]:
    yield from app_of(world, "calc")


@pytest.fixture
def desk(world: World) -> Iterator[App]:
    yield from app_of(world, "desk")


@pytest.fixture
def mixed(world: World) -> Iterator[App]:
    yield from app_of(world, "mixed")
