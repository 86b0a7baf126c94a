"""The tour types the same commands that people type, into sites of its own."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.cli.conftest import Types

from greenlane.cli.stops import APPS, STOPS, Typed
from greenlane.cli.tour import lay_out, typed_out

EVERY = [typed for stop in STOPS for typed in stop.typed]


@pytest.mark.parametrize("typed", EVERY, ids=lambda one: one.template)
def test_whatever_the_tour_types_is_a_command_with_these_arguments(types: Types, typed: Typed):
    known = {**APPS, "sites": "/sites", "request": "req_1"}
    words = [word.format(**known) for word in shlex.split(typed.template)]
    ended = types(*words, "--help")
    assert ended.code == 0
    for option in (word for word in words if word.startswith("--")):
        assert option in ended.out


def test_every_lane_is_on_the_way():
    assert {one.first for one in EVERY} >= {"green", "amber", "red", "closed"}


def test_each_site_is_laid_out_whole(tmp_path: Path):
    folder = lay_out(tmp_path / "tour")
    assert {one.name for one in folder.iterdir()} == {
        "offsite",
        "offsite-v2",
        "vendor-board",
        "vendor-board-v2",
        "metrics",
        "metrics-leak",
    }
    assert all((one / "index.html").is_file() for one in folder.iterdir())
    before, after = ((folder / name / "index.html").read_text() for name in ("offsite", "offsite-v2"))
    assert sum(one != other for one, other in zip(before.splitlines(), after.splitlines(), strict=True)) == 1


def test_the_key_that_leaks_is_another_each_time_and_lies_in_one_file_alone(tmp_path: Path):
    leaked = []
    for name in ("one", "two"):
        found = [
            key
            for file in lay_out(tmp_path / name).rglob("*.*")
            for key in re.findall(rb"ghp_[A-Za-z0-9]{36}", file.read_bytes())
        ]
        assert len(found) == 1
        leaked += found
    assert leaked[0] != leaked[1]


def test_laying_out_again_leaves_nothing_of_the_last_tour(tmp_path: Path):
    folder = lay_out(tmp_path / "tour")
    (folder / "offsite" / "draft.html").write_text("mine")
    lay_out(folder)
    assert not (folder / "offsite" / "draft.html").exists()


def test_the_tour_ends_with_an_error_where_nobody_answers(types: Types, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GREENLANE_URL", "http://localhost:9")
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    ended = types("tour")
    assert ended.code == 1
    assert "greenlane up" in ended.err


def test_what_is_shown_is_what_a_shell_takes():
    words = ["deploy", str(Path.home() / "site"), "-m", "the first version"]
    assert typed_out(words) == 'greenlane deploy ~/site -m "the first version"'
    assert [word.replace("~", str(Path.home())) for word in shlex.split(typed_out(words))] == ["greenlane", *words]
