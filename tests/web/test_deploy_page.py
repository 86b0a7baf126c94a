"""A version's page: what it changes, what publishing it would do and why, what was found in it, what is inside."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import update
from tests.house import CALLS_OUT, PAGE, Doorway
from tests.web.conftest import Visitor
from tests.web.test_app_page import APP, answers, deploys, read, words

from greenlane.deploys.actions import Publish
from greenlane.deploys.tables import DEPLOY
from greenlane.govern.actor import Actor

BEFORE = {
    "index.html": b"<!doctype html>\n<h1>Vendors</h1>\n<p>By name</p>\n",
    "old.css": b"h1 { color: red }\n",
    "logo.png": b"\x89PNG\0" + bytes(500),
    "data.json": b"[" + b"1," * 150_000 + b"1]",
}
AFTER = {
    "index.html": b"<!doctype html>\n<h1>Vendors by day</h1>\n<p>By name</p>\n",
    "new.css": b"h1 { color: blue }\n",
    "logo.png": b"\x89PNG\0" + bytes(700),
    "data.json": b"[" + b"2," * 150_000 + b"1]",
}
LOCK = json.dumps({"lockfileVersion": 3, "packages": {"": {}, "node_modules/left-pad": {"version": "1.3.0"}}}).encode()


@pytest.fixture
def ana(doorway: Doorway) -> Actor:
    """A builder."""
    return doorway.hire("Ana Costa", "builder")


@pytest.fixture
def second(doorway: Doorway, ana: Actor) -> str:
    """A new version of an app whose first one is live for its team."""
    doorway.deploys(ana, files=BEFORE)
    doorway.publishes(ana, "team")
    return deploys(doorway, ana, AFTER, "Shows the days")


def place(deploy: str, query: str = "") -> str:
    return f"{APP}/deploys/{deploy}{query}"


def test_who_publishes_to_staging_alone_is_told_so(console: Visitor, doorway: Doorway, ana: Actor, second: str) -> None:
    sue = doorway.hire("Sue Stager", "publisher:staging")
    said = read(console, sue, place(second))
    assert "Your roles here let you publish to staging, and not to production." in said
    assert "Try it on staging first" in said
    assert "See what would happen if it opened to" not in said


def test_what_changes_is_a_sentence_then_facts_then_files_with_their_sizes(
    console: Visitor, ana: Actor, second: str
) -> None:
    said = read(console, ana, place(second))
    assert "It changes 3 files, adds 1 and removes 1. It reaches nothing new." in said
    order = ["It changes 3 files", "Who can open it", "Personal data", "Outside hosts", "Files", "What was found in it"]
    assert [said.index(one) for one in order] == sorted(said.index(one) for one in order)
    assert "new.css Added not there 19 B" in said
    assert "old.css Removed 18 B not there" in said
    assert "logo.png Changed 505 B 705 B" in said


def test_the_difference_reads_line_by_line_with_words_for_what_was_added_and_removed(
    console: Visitor, ana: Actor, second: str
) -> None:
    page = console.as_(ana).get(place(second)).text
    assert re.search(r"Removed</span></td>.*?&lt;h1&gt;Vendors&lt;/h1&gt;", page)
    assert re.search(r"Added</span></td>.*?&lt;h1&gt;Vendors by day&lt;/h1&gt;", page)
    assert "1 line added, 1 line removed." in words(page)


@pytest.mark.parametrize(
    ("path", "why"),
    [("logo.png", "It is not a text that can be read here."), ("data.json", "It is larger than 262 kB.")],
)
def test_a_file_that_cannot_be_read_here_says_so(
    console: Visitor, ana: Actor, second: str, path: str, why: str
) -> None:
    assert why in read(console, ana, place(second, f"?file={path}"))


def test_a_file_that_is_not_in_it_opens_nothing(console: Visitor, ana: Actor, second: str) -> None:
    page = console.as_(ana).get(place(second, "?file=../../etc/passwd"))
    assert page.status_code == 200
    assert 'class="difference"' not in page.text
    assert "passwd" not in words(page.text)


def test_the_first_version_has_nothing_to_be_compared_with(console: Visitor, ana: Actor) -> None:
    first = str(console.doorway.deploys(ana).answer["deploy"])
    said = read(console, ana, place(first))
    assert "Nothing was live before, so all of its 1 file is new." in said
    assert "Open both pages side by side" not in said


@pytest.mark.parametrize(
    ("rung", "lane", "consequence", "label"),
    [
        (
            "",
            "Goes straight through",
            "It goes live for the team home now. You can undo it.",
            "Publish to home (2 people)",
        ),
        (
            "me",
            "Goes straight through",
            "It goes live for Ana Costa now. You can undo it.",
            "Publish to Ana Costa alone",
        ),
        (
            "everyone",
            "Goes through, with safeguards",
            "It goes live for everyone here now. You can undo it.",
            "Publish to everyone here (2 people)",
        ),
        (
            "public",
            "A person decides first",
            "Nothing changes yet. Olga Owner decides first.",
            "Ask to publish to the whole internet",
        ),
    ],
)
def test_the_button_says_beforehand_what_will_happen_for_each_audience(
    console: Visitor, ana: Actor, second: str, rung: str, lane: str, consequence: str, label: str
) -> None:
    said = read(console, ana, place(second, f"?audience={rung}" if rung else ""))
    assert f"{lane} {consequence}" in said
    assert label in said


def test_pressing_the_button_does_what_was_said(console: Visitor, ana: Actor, second: str) -> None:
    mine = console.as_(ana)
    page = mine.get(place(second, "?audience=everyone")).text
    form = page[page.index('action="/do/publish"') :]
    inputs = dict(re.findall('name="([a-z]+)" value="([^"]*)"', form[: form.index("</form>")]))
    assert (inputs["deploy"], inputs["audience"], inputs["environment"]) == (second, "everyone", "production")
    answer = mine.post("/do/publish", data=inputs)
    assert (answer.status_code, answer.headers["location"]) == (303, APP)
    said = mine.get(APP).text
    assert "Ana Costa published vendor-board to production: went through, with safeguards." in said
    assert "Everyone here can open it" in words(said)


def test_a_publish_that_waits_leads_to_where_it_waits_and_the_page_says_so(
    console: Visitor, ana: Actor, second: str
) -> None:
    mine = console.as_(ana)
    answer = mine.post("/do/publish", data={"app": "vendor-board", "deploy": second, "audience": "public"})
    where = answer.headers["location"]
    assert re.fullmatch("/inbox/req_[a-z0-9]+", where)
    for path in (APP, place(second)):
        assert f'href="{where}"' in mine.get(path).text
        assert "it waits for Olga Owner" in read(console, ana, path)


def test_how_long_people_usually_wait_is_said_from_how_long_they_did(console: Visitor, ana: Actor, second: str) -> None:
    doorway = console.doorway
    for _ in range(3):
        asked = doorway.does(ana, Publish("vendor-board", deploy=second, audience="public"))
        doorway.after(5400)
        seen = _digest(doorway, str(asked.request))
        console.as_(doorway.owner).post(
            "/do/approve", data={"request": str(asked.request), "because": "Read it.", "seen": seen}
        )
        doorway.after(1)
        doorway.does(ana, Publish("vendor-board", deploy=second, audience="team"))
        with doorway.control.database.engine.begin() as connection:
            connection.exec_driver_sql("delete from envelope")
    said = read(console, ana, place(second, "?audience=public"))
    assert "Olga Owner decides first, usually within 2 hours." in said


def _digest(doorway: Doorway, request: str) -> str:
    with doorway.control.database.read() as connection:
        rows = connection.exec_driver_sql("select id, digest from request").all()
    return str({one.id: one.digest for one in rows}[request])


def test_why_and_what_would_make_it_green_are_said_without_a_terminal(
    console: Visitor, ana: Actor, second: str
) -> None:
    third = deploys(console.doorway, ana, CALLS_OUT)
    said = read(console, ana, place(third))
    assert "New outside host: api.exchangerates.example." in said
    assert "What would make it go straight through" in said
    assert "Leave out the calls to api.exchangerates.example" in said
    public = read(console, ana, place(third, "?audience=public"))
    assert "Open it to the team instead." in public
    assert "--" not in public
    assert "greenlane publish" not in public


def test_a_credential_is_named_by_kind_and_place_and_never_shown(console: Visitor, ana: Actor) -> None:
    """Such an upload is refused today. What an older policy let in is still told."""
    first = str(console.doorway.deploys(ana).answer["deploy"])
    finding = {"file": "<i>.js", "weight": "leaked", "kind": "GitHub personal access token", "line": 2, "hint": "ghp_"}
    with console.doorway.control.database.engine.begin() as connection:
        connection.execute(update(DEPLOY).values(findings=[finding]))
    said = read(console, ana, place(first))
    assert (
        "GitHub personal access token in <i>.js, line 2. Take it out, and have it replaced where it was made." in said
    )
    assert "ghp_" not in said
    found = answers(console.as_(ana).get(APP).text)["Which credentials does it hold?"][0]
    assert found == "One that should not be there: GitHub personal access token in <i>.js, line 2."


def test_hosts_that_it_calls_are_allowed_in_one_step(console: Visitor, ana: Actor) -> None:
    first = str(console.doorway.deploys(ana, files=CALLS_OUT).answer["deploy"])
    mine = console.as_(ana)
    page = mine.get(place(first)).text
    assert "blocked until somebody allows it" in words(page)
    form = page[page.index('action="/do/declare-host"') :]
    inputs = dict(re.findall('name="([a-z]+)" value="([^"]*)"', form[: form.index("</form>")]))
    assert mine.post("/do/declare-host", data=inputs).headers["location"] == place(first)
    assert "the app may call it" in read(console, ana, place(first))


def test_what_is_inside_is_listed_and_can_be_taken_along(console: Visitor, ana: Actor) -> None:
    first = str(console.doorway.deploys(ana, files={**PAGE, "package-lock.json": LOCK}).answer["deploy"])
    assert "left-pad 1.3.0" in read(console, ana, place(first))
    answer = console.as_(ana).get(place(first, "/inside"))
    assert answer.headers["content-disposition"] == f'attachment; filename="vendor-board-{first}.cdx.json"'
    document = json.loads(answer.content)
    assert document["bomFormat"] == "CycloneDX"
    assert [one["name"] for one in document["components"]] == ["left-pad"]


def test_what_is_live_is_compared_with_what_was_before(console: Visitor, ana: Actor, second: str) -> None:
    console.doorway.does(ana, Publish("vendor-board", deploy=second))
    said = read(console, ana, place(second))
    assert "Live since 1 January 2026" in said
    assert "It changes 3 files, adds 1 and removes 1." in said
    assert "This version is live." in said


def test_its_receipts_stand_on_the_page(console: Visitor, ana: Actor, second: str) -> None:
    console.doorway.does(ana, Publish("vendor-board", deploy=second))
    page = console.as_(ana).get(place(second)).text
    block = page[page.index('id="receipts"') :]
    assert re.findall(r'href="/ledger/\d+">([^<]+)<', block)[:2] == [
        "Ana Costa published vendor-board to production: went through.",
        "Ana Costa deployed a new version of vendor-board: went through.",
    ]


def test_a_deploy_of_another_app_is_not_shown_under_this_one(console: Visitor, ana: Actor, second: str) -> None:
    other = str(console.doorway.deploys(ana, "wish-list").answer["deploy"])
    assert console.as_(ana).get(place(other)).status_code == 404
    assert console.as_(ana).get(place(second, "?audience=nobody")).status_code == 400


def test_hostile_content_stays_text_in_the_difference(console: Visitor, ana: Actor, second: str) -> None:
    evil = (
        b"<!doctype html>\n<script>alert(1)</script>\n</code></td></table><form action=/do/archive-app method=post>\n"
    )
    third = deploys(console.doorway, ana, {"index.html": evil})
    page = console.as_(ana).get(place(third)).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "<form action=/do/archive-app" not in page


def test_many_files_are_listed_up_to_a_limit_and_the_rest_counted(console: Visitor, ana: Actor) -> None:
    files = {f"page-{number:04}.html": f"<p>{number}".encode() for number in range(500)}
    first = str(console.doorway.deploys(ana, files={**PAGE, **files}).answer["deploy"])
    page = console.as_(ana).get(place(first)).text
    assert page.count("<bdi>page-") <= 200
    assert "And 301 more files." in words(page)
