"""Every page: what it says, what it is sent with, and that nothing hostile gets through."""

from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient
from tests.web.neighbours import Neighbours

from greenlane.catalog import queries as catalog
from greenlane.govern.errors import Refused, SignInNeeded
from greenlane.govern.facts import RUNGS
from greenlane.identity.actions import RenamePerson
from greenlane.identity.roles import ROLES
from greenlane.identity.tokens import Kind, mint
from greenlane.kit.errors import Unavailable
from greenlane.web import wording
from greenlane.web.asked import SESSION_COOKIE

WANTED = "/sign-in?to=https://vendor-board.apps.example/about"
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u202e{{7*7}}'


class Tags(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def named(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]

    def focused(self) -> list[dict[str, str | None]]:
        return [attributes for _, attributes in self.tags if "autofocus" in attributes]


def live(browser: TestClient, session: str) -> None:
    browser.cookies.set(SESSION_COOKIE, session)


def addresses(house: Neighbours) -> list[str]:
    return [
        "/sign-in",
        "/sign-in?to=https://vendor-board.apps.example/",
        "/sign-in?to=//evil.example",
        f"/sign-in/{house.hand_out(Kind.LINK)}",
        "/sign-in/gll_cut",
        f"/invitation/{house.hand_out(Kind.INVITATION)}",
        "/invitation/no",
        "/sign-out",
        "/signed-out",
        "/static/greenlane.css",
        "/static/mark.svg",
        "/nothing/here",
    ]


@pytest.mark.parametrize("signed_in", [True, False])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_no_answer_is_without_the_policy_and_none_but_files_may_be_stored(browser, house, ana, method, signed_in):
    session = house.settle(ana)
    for address in addresses(house):
        browser.cookies.clear()
        if signed_in:
            live(browser, session)
        answer = browser.request(method, address)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; "), address
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.status_code < 500
        if not address.startswith("/static/") or answer.status_code != 200:
            assert answer.headers["cache-control"] == "no-store"


def test_pages_of_secret_addresses_are_told_to_nobody(browser, house):
    for address in addresses(house):
        policy = browser.get(address).headers["referrer-policy"]
        assert policy == ("no-referrer" if address.startswith(("/sign-in/", "/invitation/")) else "same-origin")


def test_no_page_has_a_script_without_a_nonce_a_style_of_its_own_or_another_host(browser, house, ana):
    session = house.settle(ana)
    for address in addresses(house):
        browser.cookies.clear()
        live(browser, session)
        answer = browser.get(address)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        tags = Tags(answer.text)
        assert all(script.get("nonce") for script in tags.named("script"))
        assert not tags.named("style")
        assert not [a for _, a in tags.tags if "style" in a or any(name.startswith("on") for name in a)]
        assert all(str(link["href"]).startswith("/static/") for link in tags.named("link"))


def test_every_role_and_every_audience_has_its_words():
    assert all(wording.role_meaning(role) for role in ROLES)
    assert set(wording.AUDIENCES) == set(RUNGS)


def test_hostile_names_are_text(browser, house):
    live(browser, house.settle(house.hire(HOSTILE.replace("\u202e", ""))))
    invitation = house.hand_out(Kind.INVITATION)
    for address in ("/sign-out", f"/invitation/{invitation}"):
        tags = Tags(browser.get(address).text)
        assert all(script.get("nonce") for script in tags.named("script"))
        assert not tags.named("img")
        assert "{{7*7}}" in browser.get(address).text


def test_what_was_typed_wrongly_comes_back_as_text_beside_its_field(browser, house):
    invitation = house.hand_out(Kind.INVITATION)
    answer = browser.post(f"/invitation/{invitation}", data={"name": HOSTILE, "email": HOSTILE})
    assert answer.status_code == 422
    tags = Tags(answer.text)
    assert not tags.named("script")
    (focused,) = tags.focused()
    assert focused["id"] == "name"
    assert focused["value"] == HOSTILE
    assert focused["aria-invalid"] == "true"
    assert "name-wrong" in str(focused["aria-describedby"]).split()
    assert 'id="name-wrong"' in answer.text
    assert house.happened == []


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "a" * 101}, "name"),
        ({"name": "Zoë", "email": "not an address"}, "email"),
    ],
)
def test_the_focus_is_on_the_first_field_that_is_wrong(browser, house, typed, field):
    (focused,) = Tags(browser.post(f"/invitation/{house.hand_out(Kind.INVITATION)}", data=typed).text).focused()
    assert focused["id"] == field


def test_a_refusal_of_the_whole_form_keeps_what_was_typed(browser, house):
    invitation = house.hand_out(Kind.INVITATION)
    house.doorway.does(house.doorway.owner, RenamePerson(house.ana.person, email="taken@example.com"))
    answer = browser.post(f"/invitation/{invitation}", data={"name": "Zoë", "email": "taken@example.com"})
    assert answer.status_code == 422
    assert "Give another one, or none." in answer.text
    assert 'value="Zoë"' in answer.text
    (focused,) = Tags(answer.text).focused()
    assert focused["role"] == "alert"


def test_a_link_page_has_one_button_and_names_nobody(browser, house, ana):
    house.settle(ana)
    page = browser.get(f"/sign-in/{house.hand_out(Kind.LINK)}").text
    assert "Ana" not in page
    assert len(Tags(page).named("button")) == 1
    assert house.happened == []


def test_the_sign_in_page_names_where_you_wanted_to_go(browser):
    page = browser.get(WANTED).text
    assert "You want to open <strong" in page
    assert "vendor-board.apps.example" in page
    onward = [a["value"] for a in Tags(page).named("input") if a.get("name") == "to"]
    assert set(onward) == {"https://vendor-board.apps.example/about"}
    assert len(onward) == 3, "whatever way somebody takes"


def test_a_page_that_is_not_there_says_so(browser):
    answer = browser.get("/nothing/here")
    assert answer.status_code == 404
    assert "Page not found" in answer.text


def test_a_wrong_method_is_answered_by_a_page_that_says_what_is_allowed(browser):
    answer = browser.put("/sign-in")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize("error", [Unavailable("The database is away.", next_step="Try again."), ValueError("secret")])
def test_a_fault_is_a_page_and_tells_no_internals(browser, house, ana, monkeypatch, error):
    live(browser, house.settle(ana))

    def fails(*_):
        raise error

    monkeypatch.setattr(catalog, "knows_host", fails)
    answer = browser.get(WANTED)
    assert answer.status_code in {500, 503}
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "secret" not in answer.text
    assert "Try again" in answer.text


def test_a_private_detail_is_never_printed(browser, house, ana, monkeypatch):
    live(browser, house.settle(ana))

    def refuses(*_):
        raise Refused("You may not.", next_step="Ask Ana.", detail="table session, row 7")

    monkeypatch.setattr(catalog, "knows_host", refuses)
    answer = browser.get(WANTED)
    assert answer.status_code == 403
    assert "You may not." in answer.text
    assert "Ask Ana." in answer.text
    assert "row 7" not in answer.text


def test_a_session_that_ends_meanwhile_leads_to_the_sign_in_page(browser, house, ana, monkeypatch):
    live(browser, house.settle(ana))

    def over(*_):
        raise SignInNeeded("The session is over.")

    monkeypatch.setattr(catalog, "knows_host", over)
    assert browser.get(WANTED).headers["location"] == "/sign-in"


def test_a_stylesheet_asked_for_by_its_version_is_kept_for_good(browser):
    (style,) = [a for a in Tags(browser.get("/sign-in").text).named("link") if a["rel"] == "stylesheet"]
    assert "immutable" in browser.get(str(style["href"])).headers["cache-control"]
    assert browser.get("/static/greenlane.css").headers["cache-control"] == "no-cache"
    assert browser.get("/static/greenlane.css?v=other").headers["cache-control"] == "no-cache"


def test_a_used_link_says_what_to_do(browser):
    answer = browser.post(f"/sign-in/{mint(Kind.LINK).secret}")
    assert answer.status_code == 410
    assert "This link does not work any more" in answer.text
    assert "Ask whoever gave it to you for a new one." in answer.text


def test_a_cut_link_is_told_from_a_used_one(browser):
    answer = browser.get(f"/sign-in/{mint(Kind.LINK).secret[:-1]}")
    assert answer.status_code == 400
    assert "This link is not whole" in answer.text
