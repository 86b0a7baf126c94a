"""The frame of the console in a real browser: a form looks ahead, does, tells, undoes; with a script and without."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from tests.chromium import tab, violations
from tests.stories.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_form_says_what_would_happen_and_then_does_it_and_undoes_it(chromium: Browser, greenlane: Running) -> None:
    with tab(chromium, greenlane.url) as mine:
        mine.sign_in(greenlane.owner.token)
        page = mine.go("/do/create-app")
        page.get_by_label("App", exact=True).fill("wish-list")
        page.get_by_role("button", name="See what would happen").click()
        expect(page.locator("#ahead")).to_contain_text("Goes straight through")
        assert page.url.endswith("/do/create-app")
        page.get_by_role("button", name="Create app").click()
        expect(page.get_by_role("status")).to_contain_text("created wish-list: went through.")
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("status")).to_contain_text("archived wish-list")


def test_the_same_works_without_a_script(chromium: Browser, greenlane: Running) -> None:
    with tab(chromium, greenlane.url, java_script_enabled=False) as mine:
        mine.sign_in(greenlane.owner.token)
        page = mine.go("/do/create-app")
        page.get_by_label("App", exact=True).fill("plain-list")
        page.get_by_role("button", name="See what would happen").click()
        expect(page.locator("#ahead")).to_contain_text("Goes straight through")
        page.get_by_role("button", name="Create app").click()
        expect(page.get_by_role("status")).to_contain_text("created plain-list: went through.")


@pytest.mark.parametrize("path", ["/", "/styleguide", "/do/invite", "/do/publish?app=nothing&look=yes", "/nothing"])
def test_axe_finds_nothing(chromium: Browser, greenlane: Running, axe: str, path: str) -> None:
    with tab(chromium, greenlane.url) as mine:
        mine.sign_in(greenlane.owner.token)
        assert violations(mine.go(path), axe) == []
