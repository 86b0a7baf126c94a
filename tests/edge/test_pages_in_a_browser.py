"""The few pages of the edge itself, as people see them: in the console's colours, and for everybody."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.chromium import RULES
from tests.edge.conftest import World

import greenlane.edge
import greenlane.web

LONG = "a-rather-long-name-of-an-app-that-somebody-chose.localhost"
PAGES = {
    "outside": (LONG, "/", "You are not in this app’s audience"),
    "asleep": ("sleepy.localhost", "/", "This app is asleep"),
    "leaving": ("board.localhost", "/.greenlane/leave", "Leave this app?"),
    "no such app": ("nobody.localhost", "/", "There is no app here"),
    "no such page": ("open.localhost", "/.greenlane/nothing", "There is no such page"),
    "used link": ("board.localhost", "/.greenlane/visit?code=x", "This sign-in link is used up"),
    "ended share link": ("board.localhost", "/?greenlane-share=glv_ended", "This link or token opens nothing"),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    world: World, chromium: Browser, axe: str, scheme: str, width: int
) -> None:
    world.host("sleepy.localhost", "d1aaaaaaa", state="asleep")
    world.host(LONG, "d1aaaaaaa", "team")
    world.change(hosts=world.table["hosts"])
    context = chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 600})
    name, _, value = world.sign_in(LONG, "bob").partition("=")
    cookie = {"name": name, "value": value, "url": f"https://{LONG}/", "httpOnly": True, "secure": True}
    context.add_cookies([cookie])
    page = context.new_page()
    for said, (host, path, title) in PAGES.items():
        page.goto(f"http://{host}:{world.port}{path}")
        assert page.locator("h1").inner_text() == title, said
        tools = context.new_cdp_session(page)
        tools.send("Runtime.evaluate", {"expression": axe})
        run = f"axe.run(document, {{runOnly: {json.dumps(RULES)}}}).then(f => f.violations.map(r => r.id).join())"
        found = tools.send("Runtime.evaluate", {"expression": run, "awaitPromise": True, "returnByValue": True})
        assert found["result"]["value"] == "", said
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), said
        tops = [box["y"] + box["height"] for one in page.locator("main > *").all() if (box := one.bounding_box())]
        starts = [box["y"] for one in page.locator("main > *").all() if (box := one.bounding_box())]
        assert all(start - end >= 8 for end, start in zip(tops, starts[1:], strict=False)), said
    context.close()


def test_the_edge_has_the_consoles_colours_and_sizes() -> None:
    """Its pages are whole, because the console may be away: so they repeat its tokens, and never drift from them."""
    token = re.compile(r"(--[a-z0-9-]+):\s*([^;]+);")
    console = (Path(greenlane.web.__file__).parent / "static/css/tokens.css").read_text("utf-8")
    light, dark = console.split("prefers-color-scheme: dark", 1)
    own_light, own_dark = (
        (Path(greenlane.edge.__file__).parent / "page.html").read_text("utf-8").split("prefers-color-scheme: dark", 1)
    )
    for mine, theirs in ((own_light, light), (own_dark.partition("*, ::before")[0], dark)):
        assert dict(token.findall(mine)).items() <= dict(token.findall(theirs)).items()
