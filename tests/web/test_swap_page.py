"""A swap is rehearsed on the page, done by one button, in one receipt, and taken back by another one."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from tests.gateway import setting_up
from tests.gateway.recorded import written
from tests.house import Doorway
from tests.web.conftest import Visitor

from greenlane.gateway import queries as gateway

WANTED = {
    "provider": "openai",
    "instead": "anthropic",
    "days": "7",
    "from": ["gpt-5-mini", "gpt-5"],
    "to": ["claude-haiku-4-5", ""],
    "keep": "yes",
}


@pytest.fixture
def calling(doorway: Doorway) -> Doorway:
    """Two providers; a name leads to the first, and calls went there."""
    now = doorway.clock.now()

    def rows(connection):
        setting_up.provider(connection, "openai")
        setting_up.provider(connection, "anthropic")
        setting_up.route(connection, "fast", {"openai/gpt-5-mini": 1})
        for number in range(4):
            written(connection, f"call_{number}", now - timedelta(hours=number), asked="fast")

    doorway.control.ledger.write(rows)
    return doorway


def routes(doorway: Doorway) -> dict[str, list[str]]:
    with doorway.control.database.read() as connection:
        return {
            one.alias: [f"{each.provider}/{each.model}" for each in (*one.targets, *one.otherwise)]
            for one in gateway.routes(connection)
        }


def form_of(page: str, verb: str) -> dict[str, list[str]]:
    """The hidden fields of a verb's form."""
    (form,) = re.findall(rf'<form method="post" action="/do/{verb}".*?</form>', page, re.S)
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', form):
        found.setdefault(name, []).append(unescape(value))
    return found


def test_first_two_providers_are_chosen_then_a_model_for_each(console: Visitor, calling: Doorway) -> None:
    browser = console.as_(calling.owner)
    page = unescape(browser.get("/models/swap?provider=openai").text)
    assert "Choose these two" in page
    page = unescape(browser.get("/models/swap?provider=openai&instead=anthropic").text)
    assert re.search(r"gpt-5-mini</bdi> <span class=\"optional\">4\u00a0calls, \$0.014", page)
    assert "Which model takes the place of which" in page


def test_the_page_says_what_it_would_have_meant_and_one_button_does_it(console: Visitor, calling: Doorway) -> None:
    browser = console.as_(calling.owner)
    page = browser.get(f"/models/swap?{urlencode(WANTED, doseq=True)}").text
    said = unescape(page)
    assert "Of 4\u00a0calls, 4 would have gone elsewhere. They cost $0.014 and would have cost $0.0080" in said
    assert "Goes straight through" in said
    assert "Send these calls to anthropic (1\u00a0name)" in said
    assert "claude-haiku-4-5 of anthropic; where that fails, gpt-5-mini of openai" in said
    fields = form_of(page, "set-routes")
    assert fields["routes"] == ["fast anthropic/claude-haiku-4-5 else openai/gpt-5-mini"]
    assert browser.post("/do/set-routes", data=fields).status_code == 303
    assert routes(calling) == {"fast": ["anthropic/claude-haiku-4-5", "openai/gpt-5-mini"]}
    undo = form_of(browser.get("/models").text, "set-routes")
    assert undo["routes"] == ["fast openai/gpt-5-mini"]
    browser.post("/do/set-routes", data=undo)
    assert routes(calling) == {"fast": ["openai/gpt-5-mini"]}


def test_a_route_that_a_swap_made_goes_away_when_it_is_taken_back(console: Visitor, calling: Doorway) -> None:
    browser = console.as_(calling.owner)
    browser.post("/do/set-routes", data={"routes": "gpt-5 anthropic/claude-opus-5", "back": "/models", "key": "a"})
    assert routes(calling)["gpt-5"] == ["anthropic/claude-opus-5"]
    undo = form_of(browser.get("/models").text, "set-routes")
    assert undo["routes"] == ["gpt-5"]
    browser.post("/do/set-routes", data=undo)
    assert set(routes(calling)) == {"fast"}


def test_a_provider_that_there_is_not_is_refused_and_changes_nothing(console: Visitor, calling: Doorway) -> None:
    browser = console.as_(calling.owner)
    both = {"routes": ["fast anthropic/claude-opus-5", "gpt-5 nobody/x"], "back": "/models", "key": "b"}
    assert browser.post("/do/set-routes", data=both).status_code == 404
    assert routes(calling) == {"fast": ["openai/gpt-5-mini"]}


def test_whoever_may_not_swap_finds_no_such_page(console: Visitor, calling: Doorway) -> None:
    bea = calling.hire("Bea Builder", "builder")
    assert console.as_(bea).get("/models/swap").status_code == 404
    assert "/models/swap" not in console.as_(bea).get("/models").text


def test_names_that_mean_nothing_come_back_as_an_error_on_the_page(console: Visitor, calling: Doorway) -> None:
    wrong = WANTED | {"to": ["two words", ""]}
    page = console.as_(calling.owner).get(f"/models/swap?{urlencode(wrong, doseq=True)}")
    assert page.status_code == 200
    assert "'two words' is no model's name." in unescape(page.text)
    assert 'value="two words"' in page.text
