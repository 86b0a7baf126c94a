"""What previews look like: a picture is taken by itself, stands beside what is live, and is nobody else's to see."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.chromium import tab
from tests.stories.browser import ask
from tests.stories.running import Running, until
from tests.stories.terminal import Typist

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

WITHIN = 90.0
"""Seconds for a browser that starts on a busy machine."""

APP = """
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"<!doctype html><title>Rates</title><h1>Rates of today</h1>"})
"""


@pytest.fixture(scope="module")
def pictured(typist: Typist) -> Iterator[Running]:
    """A Greenlane that takes pictures; others leave it be, because a browser takes its time."""
    with tempfile.TemporaryDirectory(prefix="gl-") as folder:
        running = Running(typist, Path(folder), {"GREENLANE_PICTURES": "on"})
        try:
            yield running
        finally:
            running.stop()


def visited(running: Running, app: str, times: int) -> None:
    until(lambda: told(running, app).count("visited a preview") >= times, "a visit", WITHIN)


def told(running: Running, app: str) -> str:
    return str(running.owner.does("receipts", "--app", app))


def test_what_is_live_and_what_is_proposed_stand_side_by_side(
    chromium: Browser, pictured: Running, site: Path, tmp_path: Path
) -> None:
    owner = pictured.owner
    owner.does("deploy", site, "--app", "board")
    owner.does("publish", "board")
    visited(pictured, "board", 1)
    (site / "index.html").write_text("<!doctype html><body style='background:#cf222e'><h1>Vendors, redone</h1>")
    second = owner.does("deploy", site, "--app", "board")["answer"]["deploy"]
    visited(pictured, "board", 2)
    with tab(chromium, pictured.url) as mine:
        mine.sign_in(owner.token)
        for path in ("/apps/board", f"/apps/board/deploys/{second}"):
            page = mine.go(path)
            pictures = page.locator("figure.picture img")
            expect(pictures).to_have_count(2)
            for one in pictures.all():
                one.scroll_into_view_if_needed()
                expect(one).to_have_js_property("naturalWidth", 640)
            if kept := os.environ.get("GREENLANE_KEEP_PICTURES"):
                page.screenshot(path=f"{kept}/{path.strip('/').replace('/', '-')}.png", full_page=True)
        address = page.locator("figure.picture img").last.get_attribute("src")
        answer = page.request.get(pictured.url + str(address))
        assert answer.headers["content-type"] == "image/png"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"].startswith("private")
    assert ask(pictured.url + str(address)).status in (303, 302, 401, 403), "nobody who is signed out sees it"


def test_an_app_that_sleeps_is_woken_for_its_picture(chromium: Browser, pictured: Running, tmp_path: Path) -> None:
    folder = tmp_path / "rates"
    folder.mkdir()
    (folder / "main.py").write_text(APP)
    (folder / "requirements.txt").write_text("")
    (folder / "greenlane.toml").write_text('[run]\nkind = "asgi"\nentry = "main:app"\n')
    pictured.owner.does("deploy", folder, "--app", "rates")
    visited(pictured, "rates", 1)
    with tab(chromium, pictured.url) as mine:
        mine.sign_in(pictured.owner.token)
        expect(mine.go("/apps/rates").locator("figure.picture img")).to_have_count(1)


def test_what_has_no_picture_says_why(chromium: Browser, pictured: Running, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "data.json").write_text("{}")
    deploy = pictured.owner.does("deploy", folder, "--app", "plain")["answer"]["deploy"]
    visited(pictured, "plain", 1)
    with tab(chromium, pictured.url) as mine:
        mine.sign_in(pictured.owner.token)
        frame = mine.go(f"/apps/plain/deploys/{deploy}").locator(".no-picture")
        expect(frame).to_contain_text("There is no picture. The preview answered with the status 404.")
