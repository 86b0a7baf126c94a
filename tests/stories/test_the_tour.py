"""A newcomer takes the tour, against the real thing: every lane, in their own apps, as often as they like."""

from __future__ import annotations

import pytest
from tests.stories.running import Running
from tests.stories.terminal import Terminal

from greenlane.cli.stops import STOPS

pytestmark = pytest.mark.xdist_group("tour")


def lanes(document: dict) -> list[str]:
    return [f"{one['lane']} {one['typed'].split()[1]}" for one in document["steps"] if one["lane"]]


FIRST = [
    "green deploy",
    "green publish",
    "green deploy",
    "green publish",
    "green deploy",
    "amber publish",
    "amber deploy",
    "amber hosts",
    "green deploy",
    "red explain",
    "red publish",
    "closed deploy",
    "green rollback",
    "closed publish",
    "green publish",
]


def test_the_tour_shows_every_lane_and_may_be_taken_again(fresh: Running) -> None:
    owner = fresh.owner
    first = owner.does("tour")
    assert lanes(first) == FIRST
    by_words = {one["typed"]: one.get("document") for one in first["steps"]}
    assert by_words["greenlane ledger verify"]["ok"]
    (proven,) = [found for words, found in by_words.items() if words.startswith("greenlane passport verify")]
    assert (proven["ok"], proven["app"]) == (True, "tour-offsite")
    (told,) = [found for words, found in by_words.items() if words.startswith("greenlane notices")]
    assert "hosts remove tour-vendor-board" in told["items"][0]["next_step"]
    assert owner.does("apps", "show", "tour-vendor-board")["opens_to"]["audience"] == "everyone"
    assert "everyone here, at 20" in owner.types("apps", "show", "tour-vendor-board").out
    assert fresh.ask("tour-offsite", token=owner.token).status == 200
    assert fresh.ask("tour-metrics", token=owner.token).status != 200, "it waits for a person"

    owner.does("confirm", first["request"], "--because", "I looked at every page")
    assert fresh.ask("tour-metrics").status == 200
    again = owner.does("tour")
    assert again["exit_code"] == 0
    assert "red publish" not in lanes(again), "what was approved is not asked again"

    joined = fresh.joins("Ben Builder").does("tour")
    assert {one["name"] for one in joined["apps"]}.isdisjoint({one["name"] for one in first["apps"]})
    assert lanes(joined) == FIRST


def test_the_tour_in_words_is_one_story_and_is_put_away_again(fresh: Running) -> None:
    owner = fresh.owner
    ended = owner.types("tour")
    assert (ended.code, ended.err) == (0, ""), "the refusals belong to the story"
    shown = [line for line in ended.lines if line.startswith("$ greenlane ")]
    assert len(shown) == sum(len(stop.typed) for stop in STOPS)
    for line in shown:
        assert "{" not in line
    request = owner.does("approvals")["items"][0]["id"]
    assert f'  greenlane confirm {request} --because "I looked at every page"' in ended.lines
    assert f"http://tour-offsite.localhost:{fresh.port}/" in ended.lines
    assert "ghp_" not in ended.out.replace("ghp_…", ""), "the key is named, never shown"

    away = owner.types("tour", "--clean")
    assert away.code == 0
    assert {one["state"] for one in owner.does("apps")["items"]} == {"archived"}
    assert owner.does("approvals")["items"] == []
    page = fresh.ask("tour-offsite", token=owner.token)
    assert page.status == 503
    assert "was archived. Its owner can bring it back." in page.text
    assert owner.does("tour")["exit_code"] == 0
    assert fresh.ask("tour-offsite", token=owner.token).status == 200


def test_what_people_hear_of_and_that_they_read_it(
    fresh: Running, owner_and_ben: tuple[Terminal, Terminal], site
) -> None:
    owner, ben = owner_and_ben
    ben.does("deploy", site, "--app", "vendor-board")
    request = ben.gets(4, "publish", "vendor-board", "--audience", "public")["request"]
    heard = owner.does("notices")["items"]
    assert (heard[0]["kind"], heard[0]["next_step"]) == ("asked", f"greenlane approvals show {request}")
    owner.does("decline", request, "--because", "not before the launch")
    (answered,) = [one for one in ben.does("notices")["items"] if one["kind"] == "answered"]
    assert answered["words"] == "not before the launch"
    assert answered["says"].startswith("Olga Owner declined the request of Ben Builder")
    assert "not before the launch" not in owner.types("ledger", "export").out
    assert len(ben.does("notices", "--read")["marked_read"]) == 1
    assert ben.does("notices")["unread"] == 0
    found = owner.does("friction")
    assert (found["requests"], found["waits"][0]["outcome"]) == (1, "declined")


@pytest.fixture
def owner_and_ben(fresh: Running) -> tuple[Terminal, Terminal]:
    return fresh.owner, fresh.joins("Ben Builder")
