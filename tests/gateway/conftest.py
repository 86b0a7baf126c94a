"""A gateway that runs, for the tests that call it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.gateway.world import World


@pytest.fixture(scope="session")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled lists, made once."""
    return tmp_path_factory.mktemp("lists")


@pytest.fixture
def world(tmp_path: Path, lists: Path) -> Iterator[World]:
    with World(tmp_path, lists).living() as running:
        yield running
