"""Pictures of every page, for `docs/screens`: the real product, driven by a real browser. `make docs` runs this.

A picture is taken again only when what it shows has changed: its words (without numbers, ids and times, which are new in
every run) or the stylesheet. So the pictures in the repository change when the pages do.
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, sync_playwright
from tests.chromium import FLAGS
from tests.stories.addresses import NOBODY, Visit, pages, visits
from tests.stories.filled import SETTINGS, Organisation, fill
from tests.stories.running import Running, until
from tests.stories.terminal import Typist

from greenlane.web.assets import ASSETS

CHROMIUM = Path("/usr/bin/chromium")
FOLDER = Path(__file__).parents[2] / "docs" / "screens"
MADE = FOLDER / "made.txt"
"""What each picture shows, as the beginning of a digest."""

WAYS = (("light", 1440, 1500), ("dark", 390, 1300))
"""Scheme, width, and the height below which a picture is cut, in pixels."""
QUALITY = 62

NOT_SHOWN = {
    *("/styleguide", "/sign-out", "/signed-out", "/sign-in/{secret}", "/invitation/{secret}"),
    *("/login/{login}", "/allow/{confirmation}"),  # over within minutes
}
BETTER = {
    "/do/{verb}": Visit("/do/publish?app=price-list&audience=public&look=yes"),
    "/inbox": Visit("/inbox", "rita"),
    "/roles/make": Visit("/roles/make?name=release-manager&rights=publish&rights=approve&look=yes"),
    "/duties": Visit("/duties?kind=verbs&one=publish&other=approve&days=30"),
    "/models/prices": Visit("/models/prices?since=2020-01-01&until=2099-01-01"),
}
"""Pages of which another example than the first one is shown."""


def name_of(route: str) -> str:
    """``apps-app-deploys-deploy`` for ``/apps/{app}/deploys/{deploy}``."""
    return re.sub(r"\W+", "-", re.sub(r":\w+", "", route)).strip("-") or "home"


def shown(here: Organisation) -> Iterator[tuple[str, Visit]]:
    """Which address is shown for each page, under which name."""
    for route in pages():
        if route not in NOT_SHOWN:
            yield name_of(route), BETTER.get(route) or visits(route, here)[0]


def told(page: Page) -> str:
    """A digest of what a page shows, without what is new in every run."""
    text = re.sub(r"\b\w*\d[\w…:.,-]*|just now|\w+ (?:minute|second|hour)s? ago", "N", page.inner_text("body"))
    return hashlib.sha256((ASSETS["greenlane.css"].version + re.sub(r"\s+", " ", text)).encode()).hexdigest()[:16]


def take(page: Page, to: Path, height: int) -> None:
    """One picture as WebP, which Chromium makes itself."""
    tools = page.context.new_cdp_session(page)
    full = int(page.evaluate("document.documentElement.scrollHeight"))
    width = int(page.evaluate("innerWidth"))
    clip = {"x": 0, "y": 0, "width": width, "height": min(full, height), "scale": 1}
    wanted = {"format": "webp", "quality": QUALITY, "clip": clip, "captureBeyondViewport": True}
    to.write_bytes(base64.b64decode(tools.send("Page.captureScreenshot", wanted)["data"]))


def pictured(here: Organisation) -> None:
    """Wait until the versions that are shown side by side have pictures of their own."""
    for app in ("vendor-board", "price-list"):
        wanted = len(here.deploys[app])
        until(
            lambda app=app, wanted=wanted: (
                str(here.ana.does("receipts", "--app", app)).count("visited a preview") >= wanted
            ),
            f"pictures of {app}",
            within=180,
        )


def make(browser: Browser, here: Organisation) -> list[str]:
    """All of them. Returns the names of those that changed."""
    FOLDER.mkdir(exist_ok=True)
    before = dict(line.split() for line in MADE.read_text().splitlines()) if MADE.exists() else {}
    after: dict[str, str] = {}
    changed = []
    for scheme, width, height in WAYS:
        tabs: dict[str, Page] = {}
        for name, visit in shown(here):
            if visit.who not in tabs:
                context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
                tabs[visit.who] = context.new_page()
                if visit.who != NOBODY:
                    tabs[visit.who].goto(here.session(visit.who))
                    tabs[visit.who].locator("main form button").first.click()
                    tabs[visit.who].wait_for_url(f"{here.running.url}/*")
            page = tabs[visit.who]
            with suppress(Error):  # a download, which is no page
                answer = page.goto(here.running.url + visit.path)
                if answer is None or "text/html" not in answer.headers.get("content-type", ""):
                    continue
                file = f"{name}-{scheme}.webp"
                after[file] = told(page)
                if before.get(file) != after[file] or not (FOLDER / file).exists():
                    take(page, FOLDER / file, height)
                    changed.append(file)
        for tab in tabs.values():
            tab.context.close()
    for left in {one.name for one in FOLDER.glob("*.webp")} - after.keys():
        (FOLDER / left).unlink()
    MADE.write_text("".join(f"{name} {digest}\n" for name, digest in sorted(after.items())))
    return changed


def main() -> None:
    """Start Greenlane, fill it, take the pictures."""
    if not CHROMIUM.exists():
        print("There is no Chromium here: the pictures in docs/screens stay as they are.")
        return
    with tempfile.TemporaryDirectory(prefix="gl-") as data, tempfile.TemporaryDirectory() as other:
        typist = Typist(Path(other))
        running = Running(typist, Path(data), {**SETTINGS, "GREENLANE_PICTURES": "on"})
        try:
            here = fill(running, Path(other))
            pictured(here)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
                changed = make(browser, here)
                browser.close()
        finally:
            running.stop()
            typist.close()
    print(f"{len(changed)} pictures are new in docs/screens." if changed else "Every picture is as it was.")


if __name__ == "__main__":
    sys.exit(main())
