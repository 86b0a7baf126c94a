"""Each story has a real Greenlane, started by the real command: on SQLite, and the main scenes on PostgreSQL too."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from tests.stories.running import Running
from tests.stories.terminal import Terminal, Typist

_NUMBERS = count()


@pytest.fixture(scope="session")
def typist() -> Iterator[Typist]:
    """Somebody who types quickly."""
    with tempfile.TemporaryDirectory(prefix="typist-") as folder:
        one = Typist(Path(folder))
        yield one
        one.close()


@contextmanager
def _started(request: pytest.FixtureRequest, typist: Typist, database: str) -> Iterator[Running]:
    settings = {}
    if database == "postgresql":
        server = request.getfixturevalue("postgres")
        name = f"s{uuid4().hex[:12]}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        settings["GREENLANE_DATABASE"] = server.replace("/postgres?", f"/{name}?")
    with tempfile.TemporaryDirectory(prefix="gl-") as folder:
        running = Running(typist, Path(folder), settings)
        try:
            yield running
        finally:
            running.stop()


@pytest.fixture(scope="module")
def greenlane(request: pytest.FixtureRequest, typist: Typist) -> Iterator[Running]:
    """A Greenlane that the scenes of one file share, each with apps of its own."""
    with _started(request, typist, getattr(request, "param", "sqlite")) as running:
        yield running


@pytest.fixture
def fresh(request: pytest.FixtureRequest, typist: Typist) -> Iterator[Running]:
    """A Greenlane of this scene's own, with nobody but its first owner."""
    with _started(request, typist, getattr(request, "param", "sqlite")) as running:
        yield running


@pytest.fixture(scope="module")
def owner(greenlane: Running) -> Terminal:
    """The first owner's terminal."""
    return greenlane.owner


@pytest.fixture
def name() -> str:
    """A name for an app that no other scene uses."""
    return f"vendor-board-{next(_NUMBERS)}"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A small site."""
    folder = tmp_path / "site"
    (folder / "css").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Vendor board</title><h1>Vendors, version 1</h1>")
    (folder / "css" / "main.css").write_text("h1 { color: #175e54 }")
    return folder


Writes = Callable[[int], Path]


@pytest.fixture
def version(site: Path) -> Writes:
    """Write the next version of the site."""

    def write(number: int) -> Path:
        (site / "index.html").write_text(
            f"<!doctype html><title>Vendor board</title><h1>Vendors, version {number}</h1>"
        )
        return site

    return write
