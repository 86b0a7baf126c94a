"""People in a real browser: somebody is invited, joins in a browser of their own, gets a role, and sees why."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect
from tests.chromium import Tab, tab, violations
from tests.stories.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


SLOW = 30_000
"""Milliseconds that a busy machine may take for an answer."""


def invited(mine: Tab) -> str:
    """An invitation made in the console; its address as it is shown once."""
    page = mine.go("/people")
    page.get_by_role("button", name="Make the invitation link").click()
    expect(page.get_by_role("heading", name="Invite somebody: done")).to_be_visible(timeout=SLOW)
    found = re.search(r"https?://\S+/invitation/gli_\w+", page.locator("main").inner_text())
    assert found is not None
    return found[0]


def joins(theirs: Tab, link: str, name: str) -> None:
    theirs.page.goto(link)
    theirs.page.locator("input[name=name]").fill(name)
    theirs.page.locator("form:has(input[name=name]) button").click()
    theirs.page.wait_for_url(lambda url: "/invitation/" not in url)


def test_somebody_is_invited_joins_gets_a_role_and_sees_why(chromium: Browser, greenlane: Running) -> None:
    with tab(chromium, greenlane.url) as mine, tab(chromium, greenlane.url) as theirs:
        mine.sign_in(greenlane.owner.token)
        link = invited(mine)
        expect(mine.go("/people").locator("main")).to_contain_text("made by")
        joins(theirs, link, "Ida Invited")
        page = mine.go("/people")
        expect(page.locator("main")).to_contain_text("None. An invitation stands here")
        page.get_by_role("searchbox").press_sequentially("ida")
        expect(page.locator("#list tbody tr")).to_have_count(1)
        page.get_by_role("link", name="Ida Invited").click()
        expect(page.locator("main")).to_contain_text("By an invitation that")
        page.get_by_label("Role", exact=True).select_option("reviewer")
        page.get_by_role("button", name="Give this role").click()
        expect(page.get_by_role("status")).to_contain_text("made Ida Invited reviewer of team:home")
        address = page.url
        page = theirs.go(address.removeprefix(greenlane.url))
        expect(page.locator("main")).to_contain_text("This is you.")
        expect(page.locator("main")).to_contain_text(re.compile(r"Reviewer in home\.\s*Given by"))
        page.get_by_role("link", name="Receipt of Reviewer in home").click()
        expect(page.locator("main")).to_contain_text("Ida Invited")


def test_it_goes_without_a_script_and_an_invitation_is_withdrawn(chromium: Browser, greenlane: Running) -> None:
    with (
        tab(chromium, greenlane.url, java_script_enabled=False) as mine,
        tab(chromium, greenlane.url, java_script_enabled=False) as theirs,
    ):
        mine.sign_in(greenlane.owner.token)
        link = invited(mine)
        page = mine.go("/people")
        page.get_by_role("button", name="Withdraw").last.click()
        expect(page.get_by_role("status")).to_contain_text("withdrew an invitation")
        theirs.page.goto(link)
        theirs.page.locator("input[name=name]").fill("Late Guest")
        theirs.page.locator("form:has(input[name=name]) button").click()
        expect(theirs.page.locator("main")).to_contain_text("This link does not work any more")


def test_the_name_is_typed_before_somebody_is_erased(chromium: Browser, greenlane: Running) -> None:
    gone = greenlane.owner.does("people", "add", "Gus Gone", "--team", "home", "--role", "builder")
    with tab(chromium, greenlane.url) as mine:
        mine.sign_in(greenlane.owner.token)
        page = mine.go(f"/people/{gone['answer']['person']}")
        page.get_by_label("Type their name to erase them").fill("Gus")
        page.get_by_role("button", name="Erase this person for good").click()
        expect(page.locator("#erase-wrong")).to_be_visible(timeout=SLOW)
        expect(page.get_by_label("Type their name to erase them")).to_be_focused()
        page.get_by_label("Type their name to erase them").fill("Gus Gone")
        page.get_by_role("button", name="Erase this person for good").click()
        page.wait_for_url(greenlane.url + "/people")
        expect(page.locator("main")).not_to_contain_text("Gus Gone")


def test_a_webhook_inside_the_network_is_refused_at_its_field_and_nothing_is_lost(
    chromium: Browser, greenlane: Running
) -> None:
    with tab(chromium, greenlane.url) as mine:
        mine.sign_in(greenlane.owner.token)
        page = mine.go("/settings")
        page.get_by_label("Address", exact=True).fill("https://127.0.0.1/hook")
        page.get_by_role("button", name="Add this webhook").click()
        expect(page.locator("main")).to_contain_text("is inside this network, which is not reached from here")
        expect(page.get_by_label("Url")).to_have_value("https://127.0.0.1/hook")


@pytest.mark.parametrize("path", ["/people", "/people?q=nobody", "/people/me", "/teams/home", "/roles", "/settings"])
def test_axe_finds_nothing(chromium: Browser, greenlane: Running, axe: str, path: str) -> None:
    me = str(greenlane.owner.does("whoami")["id"])
    with tab(chromium, greenlane.url) as mine:
        mine.sign_in(greenlane.owner.token)
        page = mine.go(path.replace("/me", f"/{me}"))
        for one in page.locator("summary").all():
            one.click()
        assert violations(page, axe) == []
