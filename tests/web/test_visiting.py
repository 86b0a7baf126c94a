"""Visitors: being led to an app and known there."""

from __future__ import annotations

import base64
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.house import Doorway
from tests.web.conftest import Visitor

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
