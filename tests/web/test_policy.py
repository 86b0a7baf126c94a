"""The rules on pages: read, tried without a trace, and changed after seeing what would have come out otherwise."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import update
from tests.house import HOUR, Doorway
from tests.web.conftest import Visitor

from greenlane.govern.actions import Approve, Confirm
from greenlane.govern.actor import Actor
from greenlane.identity.actions import CreateTeam, GrantRole
from greenlane.insights.tables import STREAK
from greenlane.ledger import queries as ledger
from greenlane.web.policy import EXAMPLE

STRICTER = EXAMPLE.replace('"everyone"', '"team"').replace("ask-before-everyone", "ask-before-the-team")


@pytest.fixture
def ben(doorway: Doorway) -> Actor:
    ben = doorway.hire("Ben Builder", "builder")
    doorway.deploys(ben)
    doorway.publishes(ben, "team")
    return ben


def shown(console: Visitor, who: Actor, path: str, status: int = 200) -> str:
    console.doorway.control.tallies.catch_up()
    answer = console.as_(who).get(path)
    assert answer.status_code == status, answer.text
    return _text(answer.text)


def _text(page: str) -> str:
    return unescape(page).replace("\u00a0", " ")


def size(doorway: Doorway) -> int:
    with doorway.control.database.read() as connection:
        return ledger.size(connection)


def test_each_rule_is_a_sentence_with_its_owner_and_what_to_do(console: Visitor, doorway: Doorway, ben: Actor):
    page = shown(console, ben, "/policy")
    pack = doorway.control.policies.in_force()
    assert f"{len(pack.policies)} rules decide here" in page
    for one in pack.policies:
        assert f'id="{one.id}"' in page
        assert one.owner in page
    assert "New outside host: [new hosts]." in page
    assert "the owner can undo it with one step" in page
    assert "Change your own rules" not in page  # a builder may read, not change


def test_a_rule_says_how_often_it_decided_and_what_people_answered(console: Visitor, doorway: Doorway, ben: Actor):
    rita = doorway.hire("Rita Reviewer", "reviewer")
    request = doorway.publishes(ben, "public").request
    assert request is not None
    doorway.clock.forward(HOUR)
    doorway.does(rita, Approve(request, "looked at it"))
    page = shown(console, ben, "/policy")
    assert "It decided 1 time in the last 30 days; people answered: approved 1 time." in page
    assert "running, and nothing of it was rolled back" not in page
    doorway.control.ledger.write(lambda connection: connection.execute(update(STREAK).values(approved=30)) and None)
    page = shown(console, ben, "/policy")
    assert "It was approved 30 times running, and nothing of it was rolled back." in page


def test_trying_says_the_lane_and_leaves_no_trace(console: Visitor, doorway: Doorway, ben: Actor):
    console.as_(ben)  # signing in leaves a receipt
    before = size(doorway)
    page = shown(
        console,
        ben,
        "/policy/try?person=Ben+Builder&do=publish&app=vendor-board&audience=public&environment=production",
    )
    assert "A person decides first" in page
    assert 'href="/policy#public-first-time"' in page
    assert "of 100" in page
    assert "Open it to everyone here instead" in page
    assert size(doorway) == before


def test_trying_asks_for_what_the_action_needs(console: Visitor, doorway: Doorway, ben: Actor):
    page = shown(console, ben, "/policy/try?do=publish")
    assert 'name="audience"' in page
    missing = shown(console, ben, "/policy/try?person=Ben+Builder&do=publish", 400)
    assert "App is missing." in missing
    assert "create-sign-in-link" in page
    assert "expire-app" not in page  # what only the platform does


def test_an_agent_is_tried_as_what_it_is(console: Visitor, doorway: Doorway, ben: Actor):
    query = "/policy/try?person=Ben+Builder&through=agent&do=create-token&name=x"
    assert "Not possible" in shown(console, ben, query)


def test_trying_tells_nothing_of_what_one_may_not_read(console: Visitor, doorway: Doorway, ben: Actor):
    vera = doorway.hire("Vera Visitor", "visitor")
    assert console.as_(vera).get("/policy/try").status_code == 404
    other = doorway.does(doorway.owner, CreateTeam("elsewhere"))
    stranger = doorway.hire("Sam Stranger", "visitor")
    doorway.does(doorway.owner, GrantRole(stranger.id, "builder", scope=f"team:{other.answer['team']}"))
    hidden = shown(console, stranger, "/policy/try?person=Sam+Stranger&do=publish&app=vendor-board", 404)
    missing = shown(console, stranger, "/policy/try?person=Sam+Stranger&do=publish&app=no-such-app", 404)
    assert "that you may read about" in hidden
    assert "that you may read about" in missing


def test_a_mistake_is_told_with_its_line_and_nothing_changes(console: Visitor, doorway: Doorway, ben: Actor):
    owner = console.as_(doorway.owner)
    before = doorway.control.policies.in_force().digest
    answer = owner.post("/policy/change", data={"text": EXAMPLE.replace("audience_widens", "audience_wides")})
    assert answer.status_code == 400
    page = _text(answer.text)
    assert re.search(r"Line \d+: .*audience_wides", page)
    assert "audience_wides &amp;&amp;" in answer.text  # what was typed is still there
    assert doorway.control.policies.in_force().digest == before


def test_a_change_is_rehearsed_on_the_record_and_then_governed(console: Visitor, doorway: Doorway, ben: Actor):
    owner = console.as_(doorway.owner)
    console.as_(ben)
    before = size(doorway)
    page = _text(owner.post("/policy/change", data={"text": STRICTER}).text)
    assert re.search(r"Of the last \d+ decisions, one would go another lane\.", page)
    assert "Ben Builder wants to publish vendor-board to production" in page
    assert "Would be: needs a person." in page
    assert size(doorway) == before
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key is not None
    put = owner.post("/policy/put", data={"text": STRICTER, "note": "tighter", "key": key[1]})
    assert put.status_code == 303
    assert put.headers["location"].startswith("/inbox/")  # with a second person here, that one decides
    assert doorway.receipts("set-policy")[-1].happened["state"] == "waiting"


def test_alone_an_owner_changes_the_rules_and_puts_the_earlier_ones_back(console: Visitor, doorway: Doorway):
    owner = console.as_(doorway.owner)
    first = doorway.control.policies.in_force().digest
    put = owner.post("/policy/put", data={"text": STRICTER, "note": "tighter", "key": "k1"})
    if put.headers["location"].startswith("/inbox/"):
        doorway.does(doorway.owner, Confirm(put.headers["location"].rpartition("/")[2], "nobody else is here"))
    doorway.control.policies.load()
    page = shown(console, doorway.owner, "/policy")
    assert "Your organisation’s own rules" in page
    assert "Yours." in page
    assert "ask-before-the-team" in shown(console, doorway.owner, "/policy/change")
    earlier = re.search(r'href="(/policy/change\?from=[^"]+)"', page)
    assert earlier is not None
    text = shown(console, doorway.owner, earlier[1])
    assert "This is the text of an earlier version." in text
    assert "ask-before-the-team" not in text
    assert doorway.control.policies.built([]).digest == first


def test_the_same_text_is_no_change(console: Visitor, doorway: Doorway):
    page = console.as_(doorway.owner).post("/policy/change", data={"text": ""}).text
    assert "This is what is in force already." in page


def test_only_those_who_may_change_the_rules_see_the_form(console: Visitor, doorway: Doorway, ben: Actor):
    assert console.as_(ben).get("/policy/change").status_code == 404
    assert console.as_(ben).post("/policy/put", data={"text": STRICTER}).status_code == 404
