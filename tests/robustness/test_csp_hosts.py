"""What a page may call, in a real Chromium: a preview tells, publishing enforces, one step allows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect, sync_playwright
from tests.chromium import FLAGS
from tests.robustness.conftest import Starts
from tests.stories.browser import ask
from tests.stories.running import Running, until

pytestmark = pytest.mark.browser

HOST = "api.rates.example"
PAGE = "<!doctype html><title>Rates</title><h1>Rates</h1><output>asking</output><script src=rates.js></script>"
SCRIPT = """
const address = "https://" + ["api", "rates", "example"].join(".") + "/latest";  // nobody can read that from the file
const told = text => document.querySelector("output").textContent = text;
fetch(address).then(answer => answer.text()).then(told, () => told("stopped"));
"""


@pytest.fixture
def page() -> Iterator[Page]:
    """A tab of a browser for which the outside host exists: whatever the page's policy lets through is answered."""

    def answer(route: Route) -> None:
        route.fulfill(body="1.08", headers={"Access-Control-Allow-Origin": "*"})

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        tab = browser.new_page()
        tab.route(f"https://{HOST}/**", answer)
        yield tab
        browser.close()


def _comes_in(page: Page, running: Running) -> None:
    owner = running.owner
    page.goto(owner.does("people", "link", owner.does("whoami")["id"])["answer"]["url"])
    page.get_by_role("button").click()
    page.wait_for_url(f"{running.url}/welcome")


def test_a_preview_tells_what_publishing_stops_and_one_step_allows(starts: Starts, page: Page, tmp_path: Path):
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "rates.js").write_text(SCRIPT)
    running = starts()
    owner = running.owner
    deployed = owner.does("deploy", tmp_path, "--app", "rates")
    deploy = owner.does("apps", "show", "rates")["newest"]
    assert HOST not in str(deployed), "nothing in the files says which host it is"
    _comes_in(page, running)
    rate = page.locator("output")

    # the preview lets it through and tells
    page.goto(deploy["url"])
    expect(rate).to_have_text("1.08")
    wanted = until(lambda: _wanted(running, deploy["deploy"]), "the browser's report")
    assert wanted == {"connect-src": [HOST]}

    # what is published is held to what was declared
    owner.does("publish", "rates")
    page.goto(running.address("rates"))
    expect(rate).to_have_text("stopped")

    # one step, and the very next visit may
    declared = owner.does("hosts", "add", "rates", HOST)
    assert declared["state"] == "done"
    declared = {"host": HOST, "directives": ["connect"], "environment": ""}
    assert owner.does("hosts", "list", "rates")["items"] == [declared]
    page.reload()
    expect(rate).to_have_text("1.08")

    # and may no more
    owner.does("hosts", "remove", "rates", HOST)
    page.reload()
    expect(rate).to_have_text("stopped")


def _wanted(running: Running, deploy: str) -> dict[str, list[str]]:
    headers = {"Authorization": f"Bearer {running.owner.token}"}
    return ask(f"{running.url}/v1/apps/rates/deploys/{deploy}", headers=headers).document["wanted"]
