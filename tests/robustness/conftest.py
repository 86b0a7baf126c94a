"""Bad weather is tried on a real Greenlane, started by the real command as the stories start it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from tests.stories.running import Running
from tests.stories.terminal import Typist

Starts = Callable[..., Running]


@pytest.fixture(scope="session")
def typist() -> Iterator[Typist]:
    """Somebody who types quickly."""
    with tempfile.TemporaryDirectory(prefix="typist-") as folder:
        one = Typist(Path(folder))
        yield one
        one.close()


@pytest.fixture
def starts(typist: Typist) -> Iterator[Starts]:
    """Start a Greenlane of this test's own, in a folder that is made or given, with settings by their environment names."""
    started: list[Running] = []
    with tempfile.TemporaryDirectory(prefix="gl-") as folder:

        def start(settings: Mapping[str, str] | None = None, place: Path = Path(folder)) -> Running:
            started.append(Running(typist, place, settings))
            return started[-1]

        yield start
        for one in started:
            one.stop()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A small site."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>Vendor board</title><h1>Vendors, version 1</h1>")
    return folder
