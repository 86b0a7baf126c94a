"""The frame around every page: who gets in, what it is sent with, how forms are carried out."""

import re

import pytest
from tests.laws.doors import pages
from tests.web.conftest import Visitor

from greenlane.govern.action import REGISTRY
from greenlane.identity import queries as identity
from greenlane.web import frame
from greenlane.web.packing import chosen

COMING_IN = ("/sign-in", "/invitation", "/visit", "/sign-out", "/signed-out", "/static", "/sso/")


def test_a_page_of_the_console_leads_whoever_is_signed_out_to_sign_in(console: Visitor) -> None:
    for one in pages():
        if one.path.startswith(COMING_IN):
            continue
        address = re.sub(r"\{[^}]+\}", "sign-out", re.sub(r"\{[^}]+:int\}", "1", one.path))
        answer = console.nobody.request(one.method, address, data={"a": "b"})
        assert answer.status_code == 303, one.name
        assert answer.headers["location"].startswith("/sign-in"), one.name


def test_the_sign_in_page_leads_back_to_the_page_that_was_wanted(console: Visitor) -> None:
    assert console.nobody.get("/styleguide?a=1").headers["location"] == "/sign-in?next=%2Fstyleguide%3Fa%3D1"
    assert console.nobody.get("/").headers["location"] == "/sign-in"


def test_a_form_that_another_page_sent_does_nothing(console: Visitor) -> None:
    mine = console.as_(console.doorway.owner)
    for site in ("same-site", "cross-site", "none"):
        answer = mine.post("/do/create-team", data={"name": "sales"}, headers={"sec-fetch-site": site})
        assert answer.status_code == 403
    with console.doorway.control.database.read() as connection:
        assert [one.name for one in identity.teams(connection)] == ["home"]


def test_every_page_has_a_nonce_of_its_own_and_no_other_script(console: Visitor) -> None:
    mine = console.as_(console.doorway.owner)
    seen = set()
    for _ in range(3):
        answer = mine.get("/styleguide")
        policy = answer.headers["content-security-policy"]
        nonce = re.search(r"script-src 'self' 'nonce-([^']+)'", policy)
        assert nonce is not None
        assert "require-trusted-types-for 'script'" in policy
        assert "unsafe" not in policy
        assert set(re.findall(r'nonce="([^"]+)"', answer.text)) == {nonce[1]}
        assert len(re.findall("<script", answer.text)) == len(re.findall('<script nonce="', answer.text))
        seen.add(nonce[1])
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("accept", "taken"), [("gzip, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("", "")]
)
def test_a_page_is_packed_as_the_browser_takes_it(console: Visitor, accept: str, taken: str) -> None:
    assert chosen(accept) == taken
    answer = console.as_(console.doorway.owner).get("/styleguide", headers={"accept-encoding": accept})
    assert answer.headers.get("content-encoding", "") == taken


def test_every_verb_is_a_form_with_each_of_its_inputs(console: Visitor) -> None:
    mine = console.as_(console.doorway.owner)
    for verb in REGISTRY:
        page = mine.get(f"/do/{verb.name}")
        assert page.status_code == 200, verb.name
        for one in verb.inputs:
            assert f'name="{one.name}"' in page.text, f"{verb.name}: {one.name}"


def test_a_form_carries_its_verb_out_and_the_next_page_tells_it_once(console: Visitor) -> None:
    mine = console.as_(console.doorway.owner)
    answer = mine.post("/do/create-app", data={"app": "vendor-board", "back": "/styleguide"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/styleguide")
    page = mine.get("/styleguide").text
    assert "Olga Owner created vendor-board: went through." in page
    assert 'action="/do/archive-app"' in page
    assert "Olga Owner created vendor-board" not in mine.get("/styleguide").text


def test_undoing_gives_back_what_was_not_ticked(console: Visitor) -> None:
    """An input that is false stays out of the form: a field that says "False" would be a ticked one."""
    print_hidden = frame._ENVIRONMENT.from_string('{% from "parts.html" import hidden %}{{ hidden(inputs, "/") }}')
    html = print_hidden.render(inputs={"unlock": False, "until": None, "days": 0, "people": ["p_a", "p_b"], "on": True})
    assert re.findall(r'name="([a-z]+)" value="([^"]*)"', html)[:4] == [
        ("days", "0"),
        ("people", "p_a"),
        ("people", "p_b"),
        ("on", "True"),
    ]


def test_what_was_done_is_told_to_nobody_else(console: Visitor) -> None:
    owner, ben = console.doorway.owner, console.doorway.hire("Ben", "builder")
    mine, his = console.as_(owner), console.as_(ben)
    mine.post("/do/create-app", data={"app": "vendor-board"})
    his.cookies.set("__Host-greenlane-said", mine.cookies["__Host-greenlane-said"])
    assert "created vendor-board" not in his.get("/styleguide").text


def test_a_form_that_is_sent_twice_counts_once(console: Visitor) -> None:
    mine = console.as_(console.doorway.owner)
    for _ in range(2):
        assert mine.post("/do/create-team", data={"name": "sales", "key": "k1"}).status_code == 303
    assert len(console.doorway.receipts("create-team")) == 1


def test_what_was_typed_wrongly_comes_back_beside_its_field_and_nothing_is_lost(console: Visitor) -> None:
    page = console.as_(console.doorway.owner).post("/do/invite", data={"team": "home", "role": "builder", "days": "x"})
    assert page.status_code == 400
    assert 'id="days-wrong"' in page.text
    assert "&#39;x&#39; is not a whole number" in page.text
    assert 'value="home"' in page.text
    assert console.doorway.receipts("invite") == []


def test_a_refusal_says_why_and_what_to_do_instead(console: Visitor) -> None:
    ben = console.doorway.hire("Ben", "visitor")
    page = console.as_(ben).post("/do/create-team", data={"name": "sales"})
    assert page.status_code == 403
    assert "Not possible" in page.text
    assert "Ask" in page.text


def test_a_request_leads_to_where_it_waits(console: Visitor) -> None:
    console.doorway.deploys(console.doorway.owner)
    mine = console.as_(console.doorway.owner)
    answer = mine.post("/do/publish", data={"app": "vendor-board", "audience": "public"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/inbox/req_")


def test_looking_first_says_the_lane_and_does_nothing(console: Visitor) -> None:
    console.doorway.deploys(console.doorway.owner)
    page = console.as_(console.doorway.owner).get("/do/publish?app=vendor-board&audience=public&look=yes").text
    assert "A person decides first" in page
    assert console.doorway.receipts("publish") == []


def test_a_link_is_shown_once_and_stands_nowhere_else(console: Visitor) -> None:
    mine = console.as_(console.doorway.owner)
    page = mine.post("/do/invite", data={"team": "home", "role": "builder"})
    assert page.status_code == 200
    assert "/invitation/gli_" in page.text


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", " /"]
)
def test_no_form_leads_away(console: Visitor, back: str) -> None:
    answer = console.as_(console.doorway.owner).post("/do/create-team", data={"name": "sales", "back": back})
    assert answer.headers["location"] == "/"


def test_a_running_page_gets_the_part_that_it_asks_for(console: Visitor) -> None:
    console.doorway.deploys(console.doorway.owner)
    mine = console.as_(console.doorway.owner)
    part = mine.get("/?q=vendor", headers={"hx-request-type": "partial"})
    assert "<html" not in part.text
    assert "vendor-board" in part.text
    assert "nonce-" in part.headers["content-security-policy"]
    assert "<html" in mine.get("/?q=vendor", headers={"hx-request-type": "full"}).text


def test_no_template_uses_what_the_policy_forbids() -> None:
    for folder in (one for one in frame.TEMPLATES.iterdir()):
        for one in folder.iterdir() if folder.is_dir() else [folder]:
            text = one.read_text()
            assert not re.search(r"hx-on|js:|javascript:|\sstyle=|<style|\son[a-z]+=", text), one
            for tag in re.findall(r"<[a-z]+[^>]*\shx-[a-z]+=[^>]*>", text.replace("{{ hx() }}", "STAMPED")):
                assert "STAMPED" in tag, f"{one}: an element for htmx carries {{{{ hx() }}}}: {tag}"


@pytest.mark.parametrize(
    "page", ["/access-reviews", "/break-glass", "/directories", "/groups", "/duties", "/roles/make"]
)
def test_a_page_about_people_stands_in_their_room(console: Visitor, page: str) -> None:
    text = console.as_(console.doorway.owner).get(page).text
    assert '<a href="/people" aria-current="true">People' in text
    assert '<a href="/settings"' in text, "the rooms beside it are all there for who may see them"
