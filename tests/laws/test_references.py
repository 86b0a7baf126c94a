"""The references are made from the code. Whoever changes the code types `make docs`."""

from __future__ import annotations

from pathlib import Path

import pytest

from greenlane.api import app
from greenlane.cli.references import pages
from greenlane.cli.terminal import panels
from greenlane.main import local_commands

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return pages(panels(local_commands()), app.create(None).openapi())


def test_every_reference_is_what_the_code_says(made: dict[str, str]) -> None:
    old = [name for name, text in made.items() if (FOLDER / name).read_text("utf-8") != text]
    assert not old, f"{', '.join(old)} no longer say what the code does: run make docs"


def test_no_reference_is_left_over(made: dict[str, str]) -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(made)


def test_the_same_code_makes_the_same_bytes(made: dict[str, str]) -> None:
    assert pages(panels(local_commands()), app.create(None).openapi()) == made
