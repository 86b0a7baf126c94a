"""A build's page: how it stands, its log as words, and what can be done with what came of it."""

from __future__ import annotations

import json

import pytest
from tests.house import Doorway
from tests.web.conftest import Visitor

from greenlane.catalog.actions import CreateApp
from greenlane.deploys.actions import Build
from greenlane.govern.actor import Actor
from greenlane.runtime.building.job import Made

SOURCE = {
    "package.json": json.dumps({"scripts": {"build": "vite build"}, "devDependencies": {"vite": "^7"}}).encode(),
    "index.html": b'<!doctype html><script type="module" src="/src/main.js"></script>',
    "src/main.js": b"1",
}


@pytest.fixture
def ana(doorway: Doorway) -> Actor:
    """A builder with an app."""
    one = doorway.hire("Ana Costa", "builder")
    doorway.does(one, CreateApp("board"))
    return one


@pytest.fixture
def build(doorway: Doorway, ana: Actor) -> str:
    """A build that is under way."""
    answer = doorway.does(ana, Build("board", doorway.sends(ana, SOURCE)))
    doorway.control.builds.round()
    return str(answer.answer["build"])


def ends(doorway: Doorway, build: str, **how: object) -> None:
    page = {"sha256": doorway.control.blobs.put(b"<h1>Board").removeprefix("sha256:"), "size": 9}
    given = {"state": "done", "files": {"index.html": page}, "run": {"kind": "static"}, **how}
    doorway.control.builder.results[build] = Made(build, **given)  # type: ignore[arg-type]  # spelled out where it counts
    doorway.control.builds.round()


def test_a_build_under_way_shows_its_log_and_can_be_stopped(
    doorway: Doorway, console: Visitor, ana: Actor, build: str
) -> None:
    doorway.control.builder.logs[build] = "vite v7 building\n<script>alert(1)</script>\n"
    page = console.as_(ana).get(f"/apps/board/builds/{build}").text
    assert "is under way" in page
    assert "vite v7 building" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "Stop this build" in page
    assert 'hx-trigger="every 1s"' in page


def test_a_running_page_asks_for_its_middle_alone(doorway: Doorway, console: Visitor, ana: Actor, build: str) -> None:
    part = (
        console.as_(ana)
        .get(f"/apps/board/builds/{build}", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
        .text
    )
    assert "is under way" in part
    assert "<html" not in part


def test_what_was_built_becomes_a_preview_by_one_button(
    doorway: Doorway, console: Visitor, ana: Actor, build: str
) -> None:
    ends(doorway, build)
    page = console.as_(ana).get(f"/apps/board/builds/{build}").text
    assert "is done" in page
    assert "Make a preview of what was built" in page
    assert "Stop this build" not in page
    assert "every 1s" not in page


def test_a_build_that_failed_says_why_and_what_to_do(
    doorway: Doorway, console: Visitor, ana: Actor, build: str
) -> None:
    ends(
        doorway,
        build,
        state="failed",
        why="The build failed with exit code 1.",
        instead="The log's end says why.",
        files={},
    )
    page = console.as_(ana).get(f"/apps/board/builds/{build}").text
    assert "did not end well" in page
    assert "The build failed with exit code 1." in page
    assert "Make a preview" not in page


def test_what_a_build_was_refused_is_told(doorway: Doorway, console: Visitor, ana: Actor, build: str) -> None:
    ends(doorway, build, network={"reached": {}, "refused": {"evil.example:443": 2}})
    assert "evil.example:443" in console.as_(ana).get(f"/apps/board/builds/{build}").text


def test_the_log_is_kept_when_the_builder_forgot_it(doorway: Doorway, console: Visitor, ana: Actor, build: str) -> None:
    doorway.control.builder.logs[build] = "once printed\n"
    ends(doorway, build)
    doorway.control.builder.logs.clear()
    assert "once printed" in console.as_(ana).get(f"/apps/board/builds/{build}").text


def test_builds_of_an_app_are_listed(doorway: Doorway, console: Visitor, ana: Actor, build: str) -> None:
    assert f"/apps/board/builds/{build}" in console.as_(ana).get("/apps/board/builds").text


def test_builds_of_an_app_are_for_those_who_may_see_the_app(doorway: Doorway, console: Visitor, build: str) -> None:
    stranger = doorway.hire("Sam Stranger", "visitor")
    assert console.as_(stranger).get(f"/apps/board/builds/{build}").status_code == 404
    assert console.as_(stranger).get("/apps/board/builds").status_code == 404
