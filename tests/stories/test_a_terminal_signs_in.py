"""`greenlane login`: a person allows their terminal in a real browser, here or elsewhere, and `greenlane logout` ends it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page
from tests.chromium import Tab, tab
from tests.stories.browser import ask
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal, Typing

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("terminal-signs-in")]

NOT_OPENED = {"BROWSER": "true"}
"""The terminal opens no browser by itself: the test opens the address in its own."""


@pytest.fixture(scope="module")
def ben(greenlane: Running) -> Terminal:
    return greenlane.joins("Ben Builder")


def signed_in(opened: Tab, ben: Terminal) -> Page:
    """A browser in which Ben is signed in."""
    link = ben.does("people", "link", ben.id)["answer"]["url"]
    opened.page.goto(link)
    opened.page.locator("main form button").click()
    opened.page.wait_for_url("**/welcome")
    return opened.page


def leads(typing: Typing) -> str:
    """The address that a terminal says."""
    found = until(lambda: re.search(r"^http://\S+$", typing.logged, re.M), "the address to open")
    assert isinstance(found, re.Match)
    return found[0]


def kept(terminal: Terminal) -> bool:
    return terminal.types("whoami").code == 0


def test_a_browser_on_the_same_machine_lets_a_terminal_in_and_logout_ends_its_token(
    greenlane: Running, ben: Terminal, chromium: Browser
) -> None:
    desk = replace(greenlane.terminal("desk"), more=NOT_OPENED)
    with tab(chromium, greenlane.url) as opened:
        page = signed_in(opened, ben)
        typing = desk.begins("login", "--browser", "--scopes", "read", "--days", "3", "--json")
        page.goto(leads(typing))
        assert page.locator("h1").inner_text() == "A terminal wants to sign in as you"
        said = page.locator("main").inner_text()
        assert "Read what you may read" in said
        assert "Upload and preview" not in said
        page.get_by_role("button", name="Let it sign in as me").click()
        page.wait_for_url("http://127.0.0.1:*/callback?*")
        assert "Go back to your terminal" in page.locator("h1").inner_text()
    ended = typing.ended()
    assert ended.code == 0, ended.err
    assert (ended.document["id"], ended.document["scopes"]) == (ben.id, ["read"])
    [token] = [one for one in ben.does("token", "list")["items"] if one["scopes"] == ["read"]]
    assert token["revoked"] is None
    out = desk.does("logout")
    assert out["revoked"] == token["id"]
    assert not kept(desk)
    [now] = [one for one in ben.does("token", "list")["items"] if one["id"] == token["id"]]
    assert now["revoked"]
    assert desk.types("logout").code == 1, "nothing is kept any more"


def test_a_browser_elsewhere_lets_a_terminal_in_by_its_code(
    greenlane: Running, ben: Terminal, chromium: Browser
) -> None:
    far = greenlane.terminal("a machine far away")
    typing = far.begins("login", "--device", "--json")
    address = leads(typing)
    with tab(chromium, greenlane.url) as opened:
        page = signed_in(opened, ben)
        page.goto(address.partition("?")[0])
        page.get_by_label("Code").fill("BBBB-BBBB")
        page.get_by_role("button", name="Go on").click()
        assert "No terminal waits with this code" in page.locator("main").inner_text()
        code = address.partition("code=")[2]
        page.get_by_label("Code").fill(code.lower().replace("-", " "))
        page.get_by_role("button", name="Go on").click()
        assert code in page.locator("main").inner_text()
        page.get_by_role("button", name="Let it sign in as me").click()
        assert "Go back to your terminal" in page.locator("main").inner_text()
    ended = typing.ended()
    assert ended.code == 0, ended.err
    assert ended.document["id"] == ben.id
    assert kept(far)
    told = greenlane.owner.does("receipts", "--verb", "allow-login", "--newest")["receipts"][0]["receipt"]
    assert told["happened"]["days"] == 90


def test_who_refuses_gives_nothing(greenlane: Running, ben: Terminal, chromium: Browser) -> None:
    desk = replace(greenlane.terminal("desk"), more=NOT_OPENED)
    with tab(chromium, greenlane.url) as opened:
        page = signed_in(opened, ben)
        typing = desk.begins("login", "--browser")
        page.goto(leads(typing))
        page.get_by_role("button", name="Refuse this terminal").click()
        page.wait_for_url("http://127.0.0.1:*/callback?*")
    ended = typing.ended()
    assert ended.code == 3
    assert "refused in the browser" in ended.err
    assert not kept(desk)


def test_the_endpoints_are_published(greenlane: Running) -> None:
    about = ask(f"{greenlane.url}/.well-known/oauth-authorization-server").document
    assert about["authorization_endpoint"] == f"{greenlane.url}/login"
    assert about["device_authorization_endpoint"] == f"{greenlane.url}/oauth/device"
    assert about["code_challenge_methods_supported"] == ["S256"]
