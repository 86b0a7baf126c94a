"""An app lives its life from its page: published, undone, rolled back, locked, and opened to the public; with a script
and without."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.chromium import tab, violations
from tests.stories.conftest import Writes
from tests.stories.running import Running
from tests.stories.terminal import Terminal

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def versions(owner: Terminal, app: str, version: Writes) -> None:
    """An app whose first version is live for its team, with a newer one as a preview."""
    owner.types("deploy", version(1), "--app", app, "--message", "The first board")
    owner.types("publish", app, "--audience", "team")
    owner.types("deploy", version(2), "--app", app, "--message", "The second board")


def told(page: Page) -> str:
    return page.get_by_role("status").inner_text()


def test_publish_undo_roll_back_lock_and_open_to_the_public(
    chromium: Browser, greenlane: Running, owner: Terminal, name: str, version: Writes
) -> None:
    versions(owner, name, version)
    with tab(chromium, greenlane.url) as mine:
        mine.sign_in(owner.token)
        page = mine.go(f"/apps/{name}")
        expect(page.locator(".questions dt")).to_have_count(5)
        page.get_by_role("link", name="The second board").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("The second board")
        expect(page.locator("main")).to_contain_text("It changes 1 file. It reaches nothing new.")
        expect(page.locator("#offer-production")).to_contain_text("It goes live for the team home now.")
        page.get_by_role("button", name=re.compile(r"^Publish to home \(1.person\)$")).click()

        expect(page).to_have_url(f"{greenlane.url}/apps/{name}")
        expect(page.get_by_role("status")).to_contain_text(f"published {name} to production: went through.")
        page.get_by_role("status").get_by_role("button", name="Undo").click()
        expect(page.get_by_role("status")).to_contain_text(f"rolled production of {name} back")
        expect(page.locator("main")).to_contain_text("Production is locked by Olga Owner")

        page.get_by_role("button", name=re.compile("undoes the rollback of .* by Olga Owner$")).click()
        expect(page.get_by_role("status")).to_contain_text(f"published {name} to production")
        page.get_by_role("button", name=re.compile("^Go back to the version of .*; undoes 1 change$")).click()
        expect(page.get_by_role("status")).to_contain_text(f"rolled production of {name} back")
        page.get_by_role("button", name="Unlock production, so that it can change again").click()
        page.get_by_role("link", name="Lock production, so that it stays as it is").click()
        page.get_by_label("Why").fill("Year-end closing")
        page.locator('form[action="/do/lock"] button:not(.second)').click()
        expect(page.locator("main")).to_contain_text("Production is locked by Olga Owner until somebody unlocks it")

        page.get_by_role("link", name="Change who can open it").click()
        page.get_by_role("button", name="Ask to open it to the whole internet").click()
        page.wait_for_url(re.compile("/inbox/req_"))
        page = mine.go(f"/apps/{name}")
        expect(page.locator(".notice").first).to_contain_text("wants to open")


def test_the_same_without_a_script(
    chromium: Browser, greenlane: Running, owner: Terminal, name: str, version: Writes
) -> None:
    versions(owner, name, version)
    with tab(chromium, greenlane.url, java_script_enabled=False) as mine:
        mine.sign_in(owner.token)
        page = mine.go(f"/apps/{name}")
        page.get_by_role("link", name="The second board").first.click()
        page.get_by_role("link", name=re.compile("^everyone here")).click()
        page.get_by_role("button", name=re.compile("^Publish to everyone here")).click()
        assert f"published {name} to production: went through, with safeguards" in told(page)
        page.get_by_role("button", name=re.compile("^Go back to the version of")).click()
        assert f"rolled production of {name} back" in told(page)


def test_both_pages_open_side_by_side(
    chromium: Browser, greenlane: Running, owner: Terminal, name: str, version: Writes
) -> None:
    versions(owner, name, version)
    with tab(chromium, greenlane.url) as mine:
        mine.sign_in(owner.token)
        page = mine.go(f"/apps/{name}/deploys")
        page.get_by_role("link", name="The second board").click()
        opened: list[Page] = []

        def seen(one: Page) -> None:  # a function of our own: the driver leaves a mark on its handlers
            opened.append(one)

        mine.context.on("page", seen)
        page.get_by_role("button", name="Open both pages side by side").click()
        while len(opened) < 2:
            page.wait_for_timeout(50)
        for one in opened:
            one.wait_for_load_state()
        said = {one.locator("h1").inner_text() for one in opened}
        assert said == {"Vendors, version 1", "Vendors, version 2"}


def test_the_green_tick_was_really_verified_and_the_passport_verifies_elsewhere(
    chromium: Browser, greenlane: Running, owner: Terminal, name: str, version: Writes, tmp_path: Path
) -> None:
    versions(owner, name, version)
    with tab(chromium, greenlane.url) as mine:
        mine.sign_in(owner.token)
        page = mine.go(f"/apps/{name}")
        for _ in range(100):
            if page.get_by_text("Verified", exact=True).count():
                break
            page.reload()
        expect(page.get_by_text("Verified", exact=True)).to_be_visible()
        with page.expect_download() as waiting:
            page.get_by_role("link", name="Download the passport").click()
        waiting.value.save_as(tmp_path / "passport.json")
        assert owner.types("passport", "verify", version(1), "--passport", tmp_path / "passport.json").code == 0


@pytest.mark.parametrize("path", ["", "/audience?who=olga", "/settings", "/deploys", "/story"])
def test_axe_finds_nothing(
    chromium: Browser, greenlane: Running, owner: Terminal, axe: str, version: Writes, path: str
) -> None:
    if owner.types("apps", "show", "seen-board").code:
        versions(owner, "seen-board", version)
    with tab(chromium, greenlane.url) as mine:
        mine.sign_in(owner.token)
        assert violations(mine.go(f"/apps/seen-board{path}"), axe) == []


def test_axe_finds_nothing_on_a_version(
    chromium: Browser, greenlane: Running, owner: Terminal, name: str, axe: str, version: Writes
) -> None:
    versions(owner, name, version)
    with tab(chromium, greenlane.url) as mine:
        mine.sign_in(owner.token)
        page = mine.go(f"/apps/{name}/deploys")
        page.get_by_role("link", name="The second board").click()
        assert violations(page, axe) == []
        assert violations(mine.go(page.url.removeprefix(greenlane.url) + "?audience=public"), axe) == []
