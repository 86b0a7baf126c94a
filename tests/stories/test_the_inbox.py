"""Two people, two browsers: somebody asks, it is sent back, it comes again, and it is approved from a phone by keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.chromium import Tab, tab, violations
from tests.stories.conftest import Writes
from tests.stories.running import Running
from tests.stories.terminal import Terminal

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@dataclass(frozen=True)
class Cast:
    """A builder, and a reviewer of the same team."""

    ben: Terminal
    rita: Terminal


@pytest.fixture(scope="module")
def cast(greenlane: Running) -> Cast:
    return Cast(greenlane.joins("Ben Builder"), greenlane.joins("Rita Reviewer", "reviewer"))


def enters(mine: Tab, who: Terminal) -> None:
    """Somebody signs in with an API token of their own."""
    mine.sign_in(str(who.does("token", "create", "browser", "--scopes", "admin")["answer"]["token"]))


Asks = Callable[[], str]


@pytest.fixture
def asks(cast: Cast, name: str, version: Writes) -> Asks:
    """Ben deploys a next version and wants it public: the request's id."""
    numbers = iter(range(1, 100))

    def ask() -> str:
        cast.ben.does("deploy", version(next(numbers)), "--app", name)
        return str(cast.ben.gets(4, "publish", name, "--audience", "public")["request"])

    return ask


def answer(page: Page, choice: str, words: str, button: str) -> None:
    page.get_by_text(choice, exact=True).click()
    page.locator("details[open] textarea").fill(words)
    with page.expect_navigation():
        page.get_by_role("button", name=button).click()


def covered(page: Page) -> str:
    """What hides the element that has the focus; empty while it can be seen and pressed (2.4.11)."""
    return str(
        page.evaluate(
            """() => {
              const one = document.activeElement;
              if (one === document.body) return "";
              const box = one.getBoundingClientRect();
              const over = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height / 2, 20));
              return over && (one.contains(over) || over.contains(one)) ? "" : one.outerHTML.slice(0, 120);
            }"""
        )
    )


def test_it_is_sent_back_comes_again_and_is_approved_from_a_phone_by_keys(
    chromium: Browser, greenlane: Running, cast: Cast, name: str, asks: Asks
) -> None:
    request = asks()
    with tab(chromium, greenlane.url) as ritas, tab(chromium, greenlane.url) as bens:
        enters(ritas, cast.rita)
        enters(bens, cast.ben)
        page = ritas.go("/inbox")
        page.get_by_role("link", name=f"Ben Builder wants to publish {name}").click()
        page.wait_for_url(f"**/inbox/{request}")
        assert page.evaluate("document.activeElement === document.body"), "no decision has the focus beforehand"
        answer(page, "Send back with a note", "Take the phone numbers out.", "Send back: Ben Builder changes it")
        expect(page.get_by_role("status")).to_contain_text("Rita Reviewer sent the request of Ben Builder back")
        expect(bens.go("/inbox").get_by_text("Take the phone numbers out.")).to_be_visible()
    assert greenlane.ask(name).status == 401

    assert asks() == request, "the next version goes on as the same request"

    with tab(chromium, greenlane.url, **PHONE) as phone:
        enters(phone, cast.rita)
        page, keys = phone.page, phone.page.keyboard
        keys.press("g")
        keys.press("i")
        page.wait_for_url("**/inbox")
        keys.press("j")
        keys.press("Enter")
        page.wait_for_url(f"**/inbox/{request}")
        expect(page.get_by_text("Take the phone numbers out.")).to_be_visible()
        in_reach = page.locator(".decide").bounding_box()
        assert in_reach is not None
        assert in_reach["y"] > 844 / 2, "the decision is under the thumb"
        for summary in page.locator(".choice > summary").all():
            box = summary.bounding_box()
            assert box is not None
            assert box["height"] >= 44
        keys.press("a")
        expect(page.locator("details[open] textarea")).to_be_focused()
        keys.type("Now it is right.")
        keys.press("Tab")
        assert covered(page) == ""
        with page.expect_navigation():
            keys.press("Enter")
        expect(page.get_by_role("status")).to_contain_text(f"published {name}")
    served = greenlane.ask(name)
    assert (served.status, "version 2" in served.text) == (200, True)


def test_nothing_that_has_the_focus_is_hidden_by_the_bar(
    chromium: Browser, greenlane: Running, cast: Cast, asks: Asks, axe: str
) -> None:
    request = asks()
    with tab(chromium, greenlane.url, **PHONE) as phone:
        enters(phone, cast.rita)
        page = phone.go(f"/inbox/{request}")
        for key in (*["Tab"] * 25, *["Shift+Tab"] * 25):
            page.keyboard.press(key)
            assert covered(page) == ""
        page.keyboard.press("s")
        assert page.evaluate("getComputedStyle(document.activeElement).fontSize") == "16px"
        for _ in range(25):
            page.keyboard.press("Shift+Tab")
            assert covered(page) == ""
        assert violations(page, axe) == []


def test_the_count_follows_what_comes_while_somebody_looks(
    chromium: Browser, greenlane: Running, cast: Cast, asks: Asks
) -> None:
    with tab(chromium, greenlane.url) as mine:
        mine.page.clock.install()
        enters(mine, cast.rita)
        page = mine.go("/inbox")
        before = int(page.locator("#waiting").get_attribute("data-count") or 0)
        asks()
        page.clock.fast_forward(31_000)
        expect(page.locator("#waiting > span").first).to_have_text(str(before + 1))
        assert page.title().startswith(f"({before + 1}) ")
        expect(page.get_by_role("link", name="Something new waits. Show it")).to_be_visible()


def test_one_letter_begins_an_answer_and_never_gives_it(
    chromium: Browser, greenlane: Running, cast: Cast, asks: Asks
) -> None:
    request = asks()
    with tab(chromium, greenlane.url) as mine:
        enters(mine, cast.rita)
        page = mine.go(f"/inbox/{request}")
        for key, verb in (("a", "approve"), ("s", "send-back"), ("d", "decline")):
            page.keyboard.press(key)
            expect(page.locator(f"#because-{verb}")).to_be_focused()
            page.keyboard.type("asd j")
            expect(page.locator(f"#because-{verb}")).to_have_value("asd j")
            page.locator("h1").click()
        assert page.url.endswith(request)
    assert cast.rita.does("approvals", "show", request)["state"] == "waiting"


def test_keys_of_one_letter_can_be_switched_off(chromium: Browser, greenlane: Running, cast: Cast) -> None:
    with tab(chromium, greenlane.url) as mine:
        enters(mine, cast.rita)
        page = mine.go("/keys")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Go to your inbox")
        page.keyboard.press("Escape")
        page.get_by_label("Use keys of one letter").uncheck()
        page = mine.go("/inbox")
        page.keyboard.press("?")
        page.keyboard.press("g")
        page.keyboard.press("a")
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert page.url.endswith("/inbox")
        page.keyboard.press("Control+k")
        expect(page.get_by_role("dialog", name="Find or do something")).to_be_visible()


def found(mine: Tab) -> str:
    """The option that is marked, by what the field points at."""
    chosen = mine.page.locator("#palette-q").get_attribute("aria-activedescendant")
    return mine.page.locator(f"#{chosen}[aria-selected=true]").inner_text() if chosen else ""


def test_the_palette_finds_by_keys_and_gives_the_focus_back(
    chromium: Browser, greenlane: Running, cast: Cast, name: str, version: Writes, axe: str
) -> None:
    cast.ben.does("deploy", version(1), "--app", name)
    with tab(chromium, greenlane.url) as mine:
        enters(mine, cast.ben)
        page = mine.go("/")
        page.locator("#q").focus()
        page.keyboard.press("Control+k")
        field = page.get_by_role("combobox", name="What do you want to find or do?")
        expect(field).to_be_focused()
        expect(page.get_by_role("option", name="Inbox")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#q")).to_be_focused()
        page.keyboard.press("Control+k")
        page.keyboard.type(f"publish {name}")
        option = page.get_by_role("option", name=f"Publish: {name}")
        expect(option).to_contain_text("Goes straight through")
        expect(option).to_have_attribute("aria-selected", "true")
        assert f"Publish: {name}" in found(mine)
        page.keyboard.press("ArrowDown")
        assert f"Publish: {name}" not in found(mine) or page.get_by_role("option").count() == 1
        page.keyboard.press("ArrowUp")
        assert violations(page, axe) == []
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/do/publish?app={name}*")


def test_a_decision_needs_no_script(chromium: Browser, greenlane: Running, cast: Cast, name: str, asks: Asks) -> None:
    request = asks()
    with tab(chromium, greenlane.url, java_script_enabled=False, **PHONE) as mine:
        enters(mine, cast.rita)
        page = mine.go(f"/inbox/{request}")
        answer(page, "Approve", "", f"Approve: {name} opens to the whole internet now")
        expect(page.get_by_text("Your words are missing.")).to_be_visible()
        page.locator("details[open] textarea").fill("The list is public anyway.")
        with page.expect_navigation():
            page.get_by_role("button", name=f"Approve: {name}").click()
        expect(page.get_by_role("status")).to_contain_text(f"published {name}")
        page = mine.go("/palette?q=inbox")
        page.get_by_role("main").get_by_role("link", name="Inbox").first.click()
        page.wait_for_url("**/inbox")
    assert greenlane.ask(name).status == 200
