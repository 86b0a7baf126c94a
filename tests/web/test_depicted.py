"""Pictures on pages: beside what is live, on the card of a request, and a drawn frame that says why there is none."""

from __future__ import annotations

import re

import pytest
from tests.house import PAGE, Doorway
from tests.web.conftest import Visitor

from greenlane.govern.actor import Actor


@pytest.fixture
def ana(doorway: Doorway) -> Actor:
    return doorway.hire("Ana Costa", "builder")


@pytest.fixture
def visitor_without_pictures(doorway: Doorway) -> Visitor:
    """The console of an installation that wants none."""
    control = doorway.control
    control._settings = control._settings.model_copy(update={"pictures": "off"})
    return Visitor(doorway)


def depicted(page: str) -> list[tuple[str, str]]:
    """The words above each picture, and its address or what stands there instead."""
    figures = re.findall(r'<figure class="picture">\s*<figcaption>([^<]+)</figcaption>(.*?)</figure>', page, re.DOTALL)
    found = []
    for words, inside in figures:
        src = re.search(r'<img src="([^"]+)"', inside)
        says = re.search(r"<p>([^<]+)</p>", inside)
        found.append((words, src[1] if src else says[1] if says else ""))
    return found


def versions(doorway: Doorway, ana: Actor) -> tuple[str, str]:
    first = str(doorway.deploys(ana).answer["deploy"])
    doorway.publishes(ana, "team")
    second = str(doorway.deploys(ana, files={**PAGE, "more.html": b"<h1>More</h1>"}).answer["deploy"])
    return first, second


def test_what_is_live_and_the_new_version_stand_side_by_side(doorway: Doorway, console: Visitor, ana: Actor) -> None:
    first, second = versions(doorway, ana)
    while doorway.control.pictures.round():
        pass
    now, new = (f"/apps/vendor-board/deploys/{one}/picture" for one in (first, second))
    browser = console.as_(ana)
    assert depicted(browser.get("/apps/vendor-board").text) == [("Live now", now), ("This version", new)]
    assert depicted(browser.get(f"/apps/vendor-board/deploys/{second}").text) == [
        ("Live now", now),
        ("This version", new),
    ]
    answer = browser.get(new)
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")
    assert "sandbox" in answer.headers["content-security-policy"]


def test_whoever_does_not_see_the_app_sees_no_picture_of_it(doorway: Doorway, console: Visitor, ana: Actor) -> None:
    first, _second = versions(doorway, ana)
    while doorway.control.pictures.round():
        pass
    visitor = doorway.hire("Vera Visitor", "visitor", everywhere=True)
    assert console.as_(visitor).get(f"/apps/vendor-board/deploys/{first}/picture").status_code == 404
    assert console.nobody.get(f"/apps/vendor-board/deploys/{first}/picture").status_code != 200


def test_the_card_of_a_request_shows_what_is_proposed_beside_what_is_now(
    doorway: Doorway, console: Visitor, ana: Actor
) -> None:
    first, second = versions(doorway, ana)
    while doorway.control.pictures.round():
        pass
    request = doorway.publishes(ana, "public").request
    page = console.as_(doorway.owner).get(f"/inbox/{request}").text
    assert depicted(page) == [
        ("Now", f"/apps/vendor-board/deploys/{first}/picture"),
        ("Proposed", f"/apps/vendor-board/deploys/{second}/picture"),
    ]


def test_where_there_is_no_picture_a_frame_says_why(doorway: Doorway, console: Visitor, ana: Actor) -> None:
    first = str(doorway.deploys(ana).answer["deploy"])
    page = f"/apps/vendor-board/deploys/{first}"
    browser = console.as_(ana)
    assert depicted(browser.get(page).text) == [("This version", "The picture is being taken.")]
    doorway.control.camera.cannot = "Install Chromium."
    assert depicted(browser.get(page).text) == [("This version", "No pictures are taken here.")]
    doorway.control.camera.cannot = ""
    doorway.control.camera.fails = "The page never came to rest."
    doorway.control.pictures.round()
    says = "There is no picture. The page never came to rest."
    assert depicted(browser.get(page).text) == [("This version", says)]
    assert browser.get(f"{page}/picture").status_code == 404


def test_where_pictures_are_switched_off_nothing_stands_in_their_place(
    doorway: Doorway, visitor_without_pictures: Visitor, ana: Actor
) -> None:
    first = str(doorway.deploys(ana).answer["deploy"])
    page = visitor_without_pictures.as_(ana).get(f"/apps/vendor-board/deploys/{first}").text
    assert depicted(page) == []
