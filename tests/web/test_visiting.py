"""Visitors: being led to an app and known there."""

from __future__ import annotations

import base64
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.house import Doorway
from tests.web.conftest import Visitor

from greenlane.catalog import queries as catalog
from greenlane.catalog.actions import RemoveGuest
from greenlane.govern import approvals
from greenlane.govern.actions import Approve, Decline, SendBack
from greenlane.govern.actor import Actor

MARK = "5a" * 32
PLACE = "http://vendor-board.localhost:4180/about?tab=2"


@pytest.fixture
def app(doorway: Doorway) -> None:
    """An app that its owner alone can open."""
    doorway.deploys(doorway.owner)
    doorway.publishes(doorway.owner)


def claims_of(code: str, key: bytes = bytes(32)) -> dict:
    text, _, mac = code.partition(".")
    payload = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert hmac.new(key, payload, "sha256").hexdigest() == mac
    return json.loads(payload)


def test_somebody_who_is_signed_in_is_led_on_with_a_code_for_their_browser(
    doorway: Doorway, console: Visitor, app: None
) -> None:
    answer = console.as_(doorway.owner).get("/visit", params={"to": PLACE, "begun": MARK})
    assert answer.status_code == 302
    way = urlsplit(answer.headers["location"])
    assert (way.scheme, way.netloc, way.path) == ("http", "vendor-board.localhost:4180", "/.greenlane/visit")
    query = parse_qs(way.query)
    assert query["to"] == ["/about?tab=2"]
    claims = claims_of(query["code"][0])
    assert (claims["host"], claims["person"], claims["begun"]) == ("vendor-board.localhost", doorway.owner.id, MARK)
    assert claims["exp"] - doorway.clock.now().timestamp() <= 60
    again = console.as_(doorway.owner).get("/visit", params={"to": PLACE, "begun": MARK})
    assert claims_of(parse_qs(urlsplit(again.headers["location"]).query)["code"][0])["jti"] != claims["jti"]


@pytest.mark.parametrize("mark", ["", "short", "zz" * 32])
def test_nobody_gets_a_code_that_is_for_no_browser(doorway: Doorway, console: Visitor, app: None, mark: str) -> None:
    """Such a code would sign in whoever is made to open it. The app's host sends its visitors here with a mark."""
    answer = console.as_(doorway.owner).get("/visit", params={"to": PLACE, "begun": mark})
    assert (answer.status_code, answer.headers["location"]) == (302, PLACE)


def test_somebody_who_is_signed_out_signs_in_first(console: Visitor, app: None) -> None:
    answer = console.nobody.get("/visit", params={"to": PLACE, "begun": MARK})
    assert answer.status_code == 303
    assert urlsplit(answer.headers["location"]).path == "/sign-in"
    assert parse_qs(urlsplit(answer.headers["location"]).query) == {"to": [PLACE]}


@pytest.mark.parametrize(
    "to",
    [
        "",
        "//evil.example",
        "https://evil.example/",
        "http://vendor-board.localhost:4180@evil.example/",
        "http://vendor-board.localhost:4181/",
        "https://vendor-board.localhost:4180/",
        "http://nobody.localhost:4180/",
        "http://vendor-board.localhost.evil.example:4180/",
        "http://localhost:4180/",
        "javascript:alert(1)",
        "http://vendor-board.localhost:4180/\\evil.example",
    ],
)
def test_no_visit_leads_to_a_stranger(doorway: Doorway, console: Visitor, app: None, to: str) -> None:
    for browser in (console.as_(doorway.owner), console.nobody):
        answer = browser.get("/visit", params={"to": to, "begun": MARK})
        assert answer.status_code == 400
        assert "This address is not one of ours" in answer.text
        assert "evil.example" not in answer.text


APP = "vendor-board"
ASK = f"/ask/{APP}"


class TestAsking:
    @pytest.fixture
    def ben(self, doorway: Doorway, app: None) -> Actor:
        """Somebody outside the audience."""
        return doorway.hire("Ben Visitor", "visitor")

    def waiting(self, doorway: Doorway, ben: Actor) -> approvals.Question:
        with doorway.control.database.read() as connection:
            found = approvals.last_of(connection, f"app:{APP}", "ask-to-open", str(ben.person))
        assert found is not None
        return found

    def test_one_field_one_button_and_then_who_decides(self, doorway: Doorway, console: Visitor, ben: Actor) -> None:
        mine = console.as_(ben)
        page = mine.get(ASK)
        assert page.status_code == 200
        assert "You are not in this app's audience" in page.text.replace("&#39;", "'")
        assert "Olga Owner" in page.text
        assert page.text.count("<textarea") == 1
        assert "Ask Olga Owner to let you in" in page.text

        sent = mine.post(ASK, data={"because": "I plan the visits.", "key": "k1"})
        assert (sent.status_code, sent.headers["location"]) == (303, ASK)
        page = mine.get(ASK).text
        assert "You asked to open" in page
        assert "Olga Owner</bdi> decides" in page
        assert "Take the request back" in page
        assert "<textarea" not in page

    def test_after_a_yes_it_says_who_and_leads_to_the_app(self, doorway: Doorway, console: Visitor, ben: Actor) -> None:
        console.as_(ben).post(ASK, data={"because": "I plan the visits."})
        doorway.does(doorway.owner, Approve(self.waiting(doorway, ben).id, "Of course <b>he</b> may."))
        page = console.as_(ben).get(ASK).text
        assert "Olga Owner</bdi> let you in" in page
        assert "Of course &lt;b&gt;he&lt;/b&gt; may." in page
        assert 'href="http://vendor-board.localhost:4180/"' in page
        with doorway.control.database.read() as connection:
            assert [one.person for one in catalog.guests(connection, APP)] == [ben.id]

        doorway.does(doorway.owner, RemoveGuest(APP, str(ben.person)))
        assert "<textarea" in console.as_(ben).get(ASK).text

    @pytest.mark.parametrize(
        ("answer", "told"), [(Decline, "said no when you asked"), (SendBack, "sent your request back")]
    )
    def test_after_a_no_it_says_why_and_one_may_ask_again(
        self, doorway: Doorway, console: Visitor, ben: Actor, answer: type, told: str
    ) -> None:
        console.as_(ben).post(ASK, data={"because": "I plan the visits."})
        doorway.does(doorway.owner, answer(self.waiting(doorway, ben).id, "Ask me in May."))
        page = console.as_(ben).get(ASK).text
        assert told in page
        assert "Ask me in May." in page
        console.as_(ben).post(ASK, data={"because": "It is May."})
        assert "You asked to open" in console.as_(ben).get(ASK).text

    def test_an_empty_field_comes_back_with_what_is_wrong(self, console: Visitor, ben: Actor) -> None:
        answer = console.as_(ben).post(ASK, data={"because": "  "})
        assert answer.status_code == 422
        assert "Your words are missing." in answer.text
        assert 'aria-invalid="true"' in answer.text

    def test_asking_twice_is_one_request(self, doorway: Doorway, console: Visitor, ben: Actor) -> None:
        for words in ("once", "twice"):
            console.as_(ben).post(ASK, data={"because": words})
        with doorway.control.database.read() as connection:
            assert len(approvals.questions(connection)) == 1

    def test_whoever_is_in_the_audience_is_led_to_the_app(self, doorway: Doorway, console: Visitor, app: None) -> None:
        page = console.as_(doorway.owner).get(ASK).text
        assert "You are in its audience." in page
        assert "<textarea" not in page

    def test_whoever_may_share_it_may_let_themselves_in(self, doorway: Doorway, console: Visitor, app: None) -> None:
        mate = doorway.hire("Mia Builder", "builder")
        page = console.as_(mate).get(ASK).text
        assert "Let yourself in" in page
        assert "Its owner is told." in page

    def test_nobody_who_is_signed_out_learns_whether_there_is_such_an_app(self, console: Visitor, app: None) -> None:
        for name in (APP, "no-such-app"):
            answer = console.nobody.get(f"/ask/{name}")
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/sign-in")
            assert console.nobody.post(f"/ask/{name}", data={"because": "x"}).headers["location"] == "/sign-in"

    def test_there_is_no_page_for_an_app_that_is_not_there(self, console: Visitor, ben: Actor) -> None:
        assert console.as_(ben).get("/ask/no-such-app").status_code == 404

    def test_another_page_cannot_ask_in_my_name(self, console: Visitor, ben: Actor) -> None:
        answer = console.as_(ben).post(ASK, data={"because": "x"}, headers={"sec-fetch-site": "same-site"})
        assert answer.status_code == 403
