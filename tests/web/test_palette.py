"""Find or do: everything that somebody may do is found by its name, with its lane; and the page of keys."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote, urlsplit

import pytest
from tests.laws.doors import pages
from tests.web.conftest import Visitor

from greenlane.govern.action import REGISTRY
from greenlane.govern.actor import Actor
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.web import palette
from greenlane.web.asked import NAVIGATION
from greenlane.web.keys import EVERYWHERE, IN_THE_INBOX

PART = {"hx-request-type": "partial"}


def found(console: Visitor, who: Actor, words: str, at: str = "") -> dict[str, str]:
    """What the palette offers: addresses by name."""
    page = console.as_(who).get(f"/palette?q={quote(words)}&at={quote(at)}", headers=PART).text
    options = re.findall(r'<a role="option"[^>]*href="([^"]+)".*?<bdi>(.*?)</bdi>', page)
    return {unescape(title): unescape(href) for href, title in options}


def held(console: Visitor, who: Actor) -> tuple[identity.Held, ...]:
    with console.doorway.control.database.read() as connection:
        return identity.held(connection, str(who.person))


@pytest.mark.parametrize("role", ["owner", "builder", "reviewer", "visitor"])
def test_every_verb_that_somebody_may_do_is_found_by_its_name_and_opens(console: Visitor, role: str) -> None:
    """One step opens the palette, one types the name, one chooses: three at most, for all of the registry."""
    who = console.doorway.owner if role == "owner" else console.doorway.hire("Robin", role)
    offered = palette.offered(held(console, who))
    assert offered
    for verb in offered:
        title = verb.name.replace("-", " ").capitalize()
        place = found(console, who, verb.name.replace("-", " ")).get(title)
        assert place is not None, verb.name
        if place.startswith("/do/"):
            assert place == f"/do/{verb.name}"
    if role == "owner":
        known = {verb.name for verb in REGISTRY}
        by_role = {line.verb for line in roles.TABLE if roles.OWNER in line.roles or line.own} & known
        assert {verb.name for verb in offered} == by_role - roles.BY_NO_ROLE


def test_what_somebody_may_not_do_is_not_offered(console: Visitor) -> None:
    vera = console.doorway.hire("Vera", "visitor")
    for words in ("invite", "set policy", "grant role", "publish"):
        assert not [one for one in found(console, vera, words).values() if one.startswith("/do/")], words
    assert "Overview" not in found(console, vera, "overview")


def test_every_place_that_is_offered_is_there(console: Visitor) -> None:
    owner = console.doorway.owner
    places = {place for words in ("", "a", "go") for place in found(console, owner, words).values()}
    places |= {*palette.ELSEWHERE.values(), *(path for path, _name, _right in palette.MORE_ROOMS)}
    places -= {path for path, _name, _right in NAVIGATION}
    there = {one.path for one in pages()}
    for place in places:
        path = urlsplit(place).path
        assert path in there or path.startswith("/do/"), place


def test_an_app_is_found_by_its_name_and_with_what_could_be_done(console: Visitor) -> None:
    owner = console.doorway.owner
    console.doorway.deploys(owner, "vendor-board")
    console.doorway.deploys(owner, "menu")
    by_name = found(console, owner, "vendor")
    assert by_name["vendor-board"] == "/apps/vendor-board"
    assert "Publish: vendor-board" in by_name
    assert "menu" not in by_name
    named = found(console, owner, "publish vendor")
    assert next(iter(named)) == "Publish: vendor-board"
    assert named["Publish: vendor-board"].startswith("/do/publish?app=vendor-board&")
    assert "Publish: menu" in found(console, owner, "", at="/apps/menu")


def test_the_lane_is_said_beforehand_and_nothing_is_done(console: Visitor) -> None:
    owner = console.doorway.owner
    console.doorway.deploys(owner)
    part = console.as_(owner).get("/palette?q=publish+vendor", headers=PART).text
    first = part.partition("</a>")[0]
    assert "Publish: vendor-board" in first
    assert "Goes straight through" in first
    assert console.doorway.receipts("publish") == []


def test_an_app_of_others_is_not_found(console: Visitor) -> None:
    console.doorway.deploys(console.doorway.owner, "secret-plans")
    ben = console.doorway.hire("Ben", "visitor")
    assert found(console, ben, "secret") == {}


def test_without_a_script_it_is_a_page_with_links(console: Visitor) -> None:
    mine = console.as_(console.doorway.owner)
    page = mine.get("/palette?q=invite").text
    assert '<form method="get" action="/palette"' in page
    assert 'href="/do/invite"' in page
    assert "Nothing of that name." in mine.get("/palette?q=zzzz").text
    assert 'href="/palette"' in mine.get("/styleguide").text


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", "%_'\"", "x" * 500, "a b c d e f g h " * 20])
def test_whatever_is_typed_is_only_text(console: Visitor, words: str) -> None:
    for headers in ({}, PART):
        page = console.as_(console.doorway.owner).get("/palette", params={"q": words}, headers=headers)
        assert page.status_code == 200
        assert "<script>alert" not in page.text


def test_the_options_are_a_listbox_as_the_patterns_have_it(console: Visitor) -> None:
    page = console.as_(console.doorway.owner).get("/styleguide").text
    field = re.search(r'<input id="palette-q"[^>]*>', page)
    assert field is not None
    for needed in ('role="combobox"', 'aria-controls="palette-found"', 'aria-expanded="true"'):
        assert needed in field[0]
    part = console.as_(console.doorway.owner).get("/palette?q=role", headers=PART).text
    ids = re.findall(r'role="option"[^>]*id="([^"]+)"', part)
    assert len(ids) == len(set(ids)) > 1


def test_the_keys_are_a_page_and_no_key_decides(console: Visitor) -> None:
    page = console.as_(console.doorway.owner).get("/keys").text
    for pressed, says in (*EVERYWHERE, *IN_THE_INBOX):
        assert says in page
        assert all(f"<kbd>{key}</kbd>" in page for key in pressed)
    part = console.as_(console.doorway.owner).get("/keys", headers=PART).text
    assert "<html" not in part
    assert "Find an app" in part
