"""The tour's sites are what they pretend to be: good pages, one new outside host, one leaked credential."""

from __future__ import annotations

import functools
import json
import secrets
import shutil
import string
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from greenlane.deploys.inspection.file import inspect_file

SITES = Path(__file__).parents[2] / "src" / "greenlane" / "cli" / "sites"
WHOLE = ("offsite", "vendor-board", "metrics")
LAID_OVER = {"vendor-board-v2": "vendor-board", "metrics-leak": "metrics"}


def outside(folder: Path) -> set[str]:
    """The hosts that a folder's files call."""
    every = (inspect_file(path.name, path.read_bytes()) for path in folder.rglob("*") if path.is_file())
    return {host for facts in every for _, hosts in facts.reach for host in hosts}


@pytest.mark.parametrize("name", WHOLE)
def test_a_site_calls_nobody_and_hides_nothing(name: str):
    assert outside(SITES / name) == set()
    for path in (SITES / name).iterdir():
        facts = inspect_file(path.name, path.read_bytes())
        assert (facts.findings, facts.people) == ((), ())


def test_the_second_vendor_board_calls_one_new_host():
    assert outside(SITES / "vendor-board-v2") == {"api.exchangerates.example"}


def test_the_leak_is_no_leak_until_the_tour_makes_it_one():
    script = (SITES / "metrics-leak" / "metrics.js").read_text(encoding="utf-8")
    assert inspect_file("metrics.js", script.encode()).findings == ()
    assert script.count("__LEAKED_KEY__") == 1
    key = "ghp_" + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(36))
    (found,) = inspect_file("metrics.js", script.replace("__LEAKED_KEY__", key).encode()).findings
    assert (found.weight, found.kind) == ("leaked", "GitHub personal access token")


@pytest.mark.parametrize("name", LAID_OVER)
def test_what_is_laid_over_a_site_replaces_files_of_it(name: str):
    changed = {path.name for path in (SITES / name).iterdir()}
    assert changed <= {path.name for path in (SITES / LAID_OVER[name]).iterdir()}


class _Quiet(SimpleHTTPRequestHandler):
    """Serves a folder as the edge does: clean addresses, and scripts and styles from files alone."""

    def log_message(self, format, *args):
        pass

    def translate_path(self, path):
        found = Path(super().translate_path(path))
        return str(found if found.exists() else found.with_suffix(".html"))

    def end_headers(self):
        self.send_header("Content-Security-Policy", "default-src 'self'; connect-src 'self' api.exchangerates.example")
        super().end_headers()


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of one site, with what is laid over it."""
    name = request.param
    for folder in (LAID_OVER.get(name, name), name):
        shutil.copytree(SITES / folder, tmp_path / "site", dirs_exist_ok=True)
    handler = functools.partial(_Quiet, directory=str(tmp_path / "site"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A tab in which no script fails and no policy is broken."""
    context = chromium.new_context()
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if "Security Policy" in said.text else None)
    yield opened
    context.close()
    assert wrong == []


PAGES = [
    ("offsite", "/", "Two days at Holm House"),
    ("vendor-board", "/", "Fourteen vendors"),
    ("vendor-board", "/#marlow", "Fourteen vendors"),
    ("vendor-board", "/about", "How we keep the board"),
    ("vendor-board", "/404", "No such vendor"),
    ("vendor-board-v2", "/", "Fourteen vendors"),
    ("metrics", "/", "The support desk"),
    ("metrics-leak", "/", "The support desk"),
]


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize(("site", "path", "heading"), PAGES, indirect=["site"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(page: Page, axe: str, site: str, path: str, heading: str):
    page.goto(site + path)
    expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    tools = page.context.new_cdp_session(page)
    tools.send("Runtime.evaluate", {"expression": axe})
    run = "axe.run(document).then(found => JSON.stringify(found.violations.map(rule => rule.id)))"
    for scheme, width in [("light", 320), ("light", 1440), ("dark", 390)]:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        answer = tools.send("Runtime.evaluate", {"expression": run, "awaitPromise": True, "returnByValue": True})
        assert json.loads(answer["result"]["value"]) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("site", ["vendor-board"], indirect=True)
def test_the_board_is_filtered_and_opened(page: Page, site: str):
    page.goto(site)
    page.get_by_label("Review due").check()
    expect(page.get_by_text("3 vendors", exact=True)).to_be_visible()
    expect(page.locator("#total")).to_have_text("106,000")
    page.get_by_role("button", name="Marlow Seals").click()
    expect(page.get_by_text("Batch 2211 was out of tolerance.")).to_be_visible()
    page.get_by_label("Owner").select_option("Owen Pryce")
    expect(page.get_by_text("1 vendor", exact=True)).to_be_visible()


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("site", ["vendor-board-v2"], indirect=True)
def test_the_board_without_a_rate_stays_in_euro_and_with_one_is_in_dollars(page: Page, site: str):
    page.route("https://api.exchangerates.example/**", lambda route: route.abort())
    page.goto(site)
    expect(page.get_by_text("so the sums are in euro")).to_be_visible()
    page.unroute_all()
    page.route(
        "https://api.exchangerates.example/**",
        lambda route: route.fulfill(
            json={"date": "2026-11-20", "rates": {"USD": 1.1}}, headers={"access-control-allow-origin": "*"}
        ),
    )
    page.reload()
    expect(page.get_by_text("Dollars a year")).to_be_visible()
    expect(page.locator("#total")).to_have_text("1,216,622")


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("site", ["metrics"], indirect=True)
def test_the_tables_beside_the_charts_hold_the_numbers(page: Page, site: str):
    page.goto(site)
    data = json.loads((SITES / "metrics" / "data.json").read_text(encoding="utf-8"))
    expect(page.locator("#topics-table tbody td")).to_have_text(
        [str(topic[key]) for topic in data["topics"] for key in ("now", "before")]
    )
    page.get_by_text("The same numbers as a table").first.click()
    expect(page.locator("#flow-table tbody tr")).to_have_count(len(data["weeks"]))


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("site", ["offsite"], indirect=True)
def test_somebody_finds_their_room(page: Page, site: str):
    page.goto(site)
    page.get_by_label("Find yourself").fill("kofi")
    expect(page.get_by_text("Room Plover")).to_be_visible()
    expect(page.get_by_role("row", name="Tern")).to_be_hidden()
