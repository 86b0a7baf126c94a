"""From something that was dropped to a page that the team can open: in a real browser, on a real Greenlane."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from tests.chromium import violations
from tests.stories.running import Running
from tests.stories.terminal import Terminal

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("dropped")]

SITE = {
    "index.html": "<!doctype html><title>Vendor board</title><h1>Vendors</h1>",
    "css/main.css": "h1 { color: #175e54 }",
    "js/board.js": "document.title += '!'",
}
LINE_BREAKS = "internetdisconnected"


@pytest.fixture(scope="module")
def ana(greenlane: Running) -> Terminal:
    """Somebody who builds."""
    return greenlane.joins("Ana Costa")


def signed_in(greenlane: Running, terminal: Terminal, context: BrowserContext) -> None:
    link = greenlane.owner.does("people", "link", terminal.id)["answer"]["url"]
    page = context.new_page()
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{greenlane.url}/")
    page.close()


@pytest.fixture(scope="module")
def state(greenlane: Running, chromium: Browser, ana: Terminal) -> Any:
    """Ana's cookies."""
    context = chromium.new_context()
    signed_in(greenlane, ana, context)
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def context(chromium: Browser, state: Any) -> Iterator[BrowserContext]:
    opened = chromium.new_context(viewport={"width": 1280, "height": 1000}, storage_state=state)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, greenlane: Running) -> Iterator[Page]:
    """A tab of Ana's that lets no broken policy and no error of a script pass."""
    opened = context.new_page()
    broken: list[str] = []
    opened.on("console", lambda said: broken.append(said.text) if "Content Security Policy" in said.text else None)
    opened.on("pageerror", lambda error: broken.append(str(error)))
    yield opened
    assert broken == []


def folder(at: Path, files: Mapping[str, str | bytes] = SITE) -> Path:
    for path, content in files.items():
        file = at / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return at


def zipped(at: Path, files: Mapping[str, str] = SITE) -> Path:
    with zipfile.ZipFile(at, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return at


def drop(page: Page, path: Path) -> None:
    """Drag something from the desk and let it go over the middle of the page."""
    page.wait_for_function("document.querySelector('[data-sending]') !== null")
    page.wait_for_load_state()
    tools = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        tools.send("Input.dispatchDragEvent", {"type": kind, "x": 500, "y": 400, "data": data})
    tools.detach()


class Counted:
    """A person's hand: what it does on a page is counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.done: list[str] = []

    def drops(self, path: Path) -> None:
        self.done.append("drop")
        drop(self.page, path)

    def chooses(self, label: str) -> None:
        self.done.append(f"choose {label}")
        self.page.get_by_label(label, exact=True).check()

    def presses(self, name: str | re.Pattern[str]) -> None:
        button = self.page.get_by_role("button", name=name)
        self.done.append(f"press {button.inner_text()}")
        button.click()


def test_from_a_zip_to_a_page_of_my_team_it_takes_four_interactions(
    page: Page, greenlane: Running, tmp_path: Path
) -> None:
    hand = Counted(page)
    page.goto(f"{greenlane.url}/new")
    hand.drops(zipped(tmp_path / "site.zip"))
    hand.chooses("My team")
    expect(page.get_by_label("Address")).to_have_value("vendor-board")
    expect(page.get_by_label("Name")).to_have_value("Vendor board")
    expect(page.locator("#ahead")).to_contain_text("Goes straight through")
    hand.presses("Make the preview")
    page.wait_for_url(re.compile(r"/apps/vendor-board/deploys/d[a-z0-9]+\?audience=team"))
    hand.presses(re.compile("^Publish to home"))
    expect(page.locator(".toast")).to_contain_text("Ana Costa published vendor-board to production: went through.")
    assert len(hand.done) == 4, hand.done
    found = greenlane.owner.does("apps", "show", "vendor-board")
    assert found["audience"] == "team"
