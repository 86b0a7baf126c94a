"""Debian's Chromium for tests: people with tabs that let no broken policy pass, and axe-core over what they see."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

AXE_VERSION = "4.14.1"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
"""What axe-core is asked for; target-size is off unless wcag22aa is named."""

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

WIDTHS = ((1440, 900), (390, 844))
SCHEMES = ("light", "dark")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, of the pinned version and digest, kept in the clone's cache."""
    cache = Path(__file__).parents[1] / ".cache" / "npm"
    script = cache / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        cache.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--prefix", str(cache), "--no-save", "--ignore-scripts", "--silent"]
        subprocess.run([*install, f"axe-core@{AXE_VERSION}"], check=True, timeout=120)
    text = script.read_text(encoding="utf-8")
    assert hashlib.sha256(text.encode()).hexdigest() == AXE_SHA256, "remove .cache/npm: it holds another axe-core"
    return text


class Tab:
    """One tab of somebody's browser. What the page breaks on the way is kept and checked at the end."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.page: Page = context.new_page()
        self.context = context
        self.origin = origin
        self.broken: list[str] = []
        self.page.on("console", lambda said: self._heard(said.type, said.text))
        self.page.on("pageerror", lambda error: self.broken.append(str(error)))

    def _heard(self, kind: str, text: str) -> None:
        """A status of 4xx is logged by the browser as an error, and is none of the page's."""
        if kind == "error" and not text.startswith("Failed to load resource"):
            self.broken.append(text)

    def go(self, path: str) -> Page:
        """Open a page of the console."""
        self.page.goto(self.origin + path)
        return self.page

    def sign_in(self, secret: str) -> None:
        """By an API token or a one-time link's secret."""
        self.go("/sign-in")
        self.page.locator("input[name=secret]").fill(secret)
        self.page.locator("form:has(input[name=secret]) button").click()
        self.page.wait_for_url(self.origin + "/")


@contextmanager
def tab(browser: Browser, origin: str, **options: Any) -> Iterator[Tab]:
    """A browser without a past. ``options`` are Playwright's for a context."""
    context = browser.new_context(**({"viewport": {"width": 1440, "height": 900}} | options))
    try:
        opened = Tab(context, origin)
        yield opened
        assert opened.broken == []
    finally:
        context.close()


def sideways(page: Page) -> int:
    """By how many pixels a page scrolls sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def violations(page: Page, axe: str) -> list[str]:
    """What axe-core finds wrong, in light and dark, on a wide and a narrow screen; and what scrolls sideways."""
    found: list[str] = []
    tools = page.context.new_cdp_session(page)
    tools.send("Runtime.evaluate", {"expression": axe})  # the page's own policy lets no text become a script
    run = f"axe.run(document, {{runOnly: {json.dumps(RULES)}}}).then(found => JSON.stringify(found.violations))"
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for width, height in WIDTHS:
            page.set_viewport_size({"width": width, "height": height})
            where = f"{page.url} {scheme} {width}"
            if sideways(page):
                found.append(f"{where}: scrolls sideways by {sideways(page)} pixels")
            answer = tools.send("Runtime.evaluate", {"expression": run, "awaitPromise": True, "returnByValue": True})[
                "result"
            ]
            for one in json.loads(answer["value"]):
                nodes = "; ".join(node["html"][:160] for node in one["nodes"][:3])
                found.append(f"{where}: {one['id']}: {one['help']}: {nodes}")
    page.emulate_media(color_scheme="light")
    return found
