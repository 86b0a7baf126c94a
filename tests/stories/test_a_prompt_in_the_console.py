"""Somebody tries a prompt in the console, sees what it cost and why it went there, and the owner swaps the provider.

Through the real command, the real gateway and a stand-in for the providers.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from tests.chromium import tab, violations
from tests.gateway.provider import KEY, Provider
from tests.stories.running import Running, until

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def provider(greenlane: Running) -> Iterator[Provider]:
    """Two providers that the organisation uses, which are one machine here, and a name that leads to the first."""
    with Provider() as stand_in:
        for name, kind, address in (
            ("openai", "openai", stand_in.openai),
            ("anthropic", "anthropic", stand_in.address),
        ):
            typed = ("gateway", "provider", "add", name, "--kind", kind, "--base-url", address, "--key-stdin")
            greenlane.owner.does(*typed, stdin=KEY.encode())
        greenlane.owner.does("gateway", "route", "set", "fast", "openai/gpt-4o-mini")
        yield stand_in


def test_a_prompt_is_answered_piece_by_piece_and_its_call_tells_what_it_cost(
    chromium: Browser, greenlane: Running, provider: Provider, axe: str
) -> None:
    with tab(chromium, greenlane.url) as mine:
        mine.sign_in(greenlane.owner.token)
        page = mine.go("/models/try")
        page.get_by_label("Model", exact=True).fill("fast")
        page.get_by_label("Prompt").fill("Count to ten <<words 40>> <<pause 0.05>>")
        page.get_by_role("button", name="Send this prompt").click()
        expect(page.get_by_text("It is coming.")).to_be_visible()
        expect(page.locator("#words")).not_to_be_empty()
        expect(page.get_by_text("It is complete.")).to_be_visible(timeout=20_000)
        assert violations(page, axe) == []
        link = page.get_by_role("link", name="What it cost, and why it went where it went").get_attribute("href")
        assert link is not None
        call = link.rpartition("/")[2]
        until(lambda: greenlane.owner.types("gateway", "call", call).code == 0, "the call to be on record", 20)
        page = mine.go(link)
        expect(page.get_by_role("heading", level=1)).to_have_text("A call to gpt-4o-mini of openai")
        expect(page.locator("dd", has_text="fast leads here")).to_be_visible()
        until(lambda: "that was checked just now" in mine.go(link).content(), "the proof of the call", 20)
        assert violations(mine.page, axe) == []
        expect(mine.go("/spend?by=model").locator("#shares")).to_contain_text("gpt-4o-mini")


def test_the_same_works_without_a_script(chromium: Browser, greenlane: Running, provider: Provider) -> None:
    with tab(chromium, greenlane.url, java_script_enabled=False) as mine:
        mine.sign_in(greenlane.owner.token)
        page = mine.go("/models/try")
        page.get_by_label("Prompt").fill("Count to three <<say one two three>>")
        page.get_by_role("button", name="Send this prompt").click()
        waits = page.get_by_role("link", name="Wait for the rest of the answer")
        if waits.count():
            waits.click()
        expect(page.locator("#words")).to_have_text("one two three")


def test_a_swap_is_one_button_and_the_next_call_goes_elsewhere(
    chromium: Browser, greenlane: Running, provider: Provider, axe: str
) -> None:
    with tab(chromium, greenlane.url) as mine:
        mine.sign_in(greenlane.owner.token)
        page = mine.go("/models")
        page.get_by_role("link", name="Swap for another instead of openai").click()
        page.get_by_label("Calls go to").select_option("anthropic")
        page.get_by_role("button", name="Choose these two").click()
        page.get_by_label("gpt-4o-mini").fill("claude-haiku-4-5")
        page.get_by_role("button", name="See what would change").click()
        expect(page.get_by_text("would have gone elsewhere")).to_be_visible()
        assert violations(page, axe) == []
        page.get_by_role("button", name="Send these calls to anthropic").click()
        expect(page.get_by_role("status").first).to_contain_text("went through")
        page = mine.go("/models/try")
        page.get_by_label("Model", exact=True).fill("fast")
        page.get_by_label("Prompt").fill("<<say hello>>")
        page.get_by_role("button", name="Send this prompt").click()
        expect(page.get_by_text("It is complete.")).to_be_visible(timeout=20_000)
        expect(page.locator("#words")).to_have_text("hello")
        newest = greenlane.owner.does("gateway", "calls")["items"]
        until(
            lambda: greenlane.owner.does("gateway", "calls")["items"][0]["provider"] == "anthropic",
            f"the call at the other provider, beyond {len(newest)}",
            20,
        )
