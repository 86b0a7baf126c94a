"""From something that was dropped to a page that the team can open: in a real browser, on a real Greenlane."""

from __future__ import annotations

import json
import re
import time
import zipfile
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect
from tests.chromium import violations
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("dropped")]

SITE = {
    "index.html": "<!doctype html><title>Vendor board</title><h1>Vendors</h1>",
    "css/main.css": "h1 { color: #175e54 }",
    "js/board.js": "document.title += '!'",
}


@pytest.fixture(scope="module")
def ana(greenlane: Running) -> Terminal:
    """Somebody who builds."""
    return greenlane.joins("Ana Costa")


def signed_in(greenlane: Running, terminal: Terminal, context: BrowserContext) -> None:
    link = greenlane.owner.does("people", "link", terminal.id)["answer"]["url"]
    page = context.new_page()
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)
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
    opened.on("console", lambda said: broken.append(said.text) if "Security Policy" in said.text else None)
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
    page.locator("[data-sending]").wait_for(state="attached")
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


def made(page: Page, app: str) -> None:
    page.wait_for_url(re.compile(rf"/apps/{app}/deploys/d[a-z0-9]+"))


def heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


class Line:
    """What goes over the line to the upload's addresses: the pieces by where they begin, and all bytes."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pieces: list[tuple[str, int]] = []
        self.bodies: list[bytes] = []
        self._tools = page.context.new_cdp_session(page)
        page.on("request", self._saw)

    def _saw(self, request: Any) -> None:
        if request.method not in ("POST", "PUT") or "/new/" not in request.url:
            return
        if (found := re.search(r"/files/([0-9a-f]{64})\?from=(\d+)$", request.url)) is not None:
            self.pieces.append((found[1], int(found[2])))
        self.bodies.append(request.post_data_buffer or b"")

    def slow(self, bytes_a_second: int, *, offline: bool = False) -> None:
        self._tools.send(
            "Network.emulateNetworkConditions",
            {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_a_second},
        )


MEGABYTE = 1_000_000


def large_page(at: Path, seed: int, megabytes: int = 20) -> Path:
    """A page of its own that is many megabytes long."""
    line = f"<!-- {seed} of many lines that say nothing at all, again and again and again -->\n"
    at.write_text(f"<!doctype html><title>Long {seed}</title>\n" + line * (megabytes * MEGABYTE // len(line)))
    return at


def test_a_folder_is_dropped_and_what_stays_home_stays_home(page: Page, greenlane: Running, tmp_path: Path) -> None:
    secret = "s3cr3t-value-of-nobody"
    made_here = folder(tmp_path / "Team lunch", {**SITE, ".env": f"LUNCH_TOKEN={secret}", ".git/HEAD": "ref"})
    folder(made_here, {"node_modules/left-pad/index.js": "module.exports = 1", "keys/a.pem": KEY_FILE})
    line = Line(page)
    page.goto(f"{greenlane.url}/new")
    drop(page, made_here)
    expect(page.get_by_label("Address")).to_have_value("team-lunch")
    page.get_by_text("set aside and will not be served").click()
    for path in (".git/", ".env", "node_modules/"):
        expect(page.locator("#found")).to_contain_text(path)
    page.get_by_text("Each file").click()
    expect(page.locator("[data-sending-files]")).to_contain_text("LUNCH_TOKEN")
    expect(page.locator("[data-sending-files]")).to_contain_text("keys/a.pem")
    for body in line.bodies:
        assert secret.encode() not in body
        assert b"left-pad" not in body
        assert b"PRIVATE KEY" not in body
    page.get_by_role("button", name="Make the preview").click()
    made(page, "team-lunch")


KEY_FILE = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n"


def test_an_html_file_becomes_an_app_by_keyboard_alone(page: Page, greenlane: Running, tmp_path: Path) -> None:
    file = tmp_path / "reading-list.html"
    file.write_text("<!doctype html><h1>Books</h1>")
    page.on("filechooser", lambda _: None)  # the browser is told early to ask us: a key may be quicker than that word
    page.goto(f"{greenlane.url}/new")
    page.wait_for_load_state("networkidle")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "drop-file":
            break
    expect(page.locator("#drop-file")).to_be_focused()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(file)
    expect(page.locator("#found")).to_contain_text("1\u00a0file")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.hasAttribute('data-make')"):
            break
    page.keyboard.press("Enter")
    made(page, "reading-list")


def test_pressing_early_makes_it_as_soon_as_everything_is_here(page: Page, greenlane: Running, tmp_path: Path) -> None:
    page.goto(f"{greenlane.url}/new")
    Line(page).slow(8 * MEGABYTE)
    drop(page, large_page(tmp_path / "early.html", 1, 6))
    page.get_by_role("button", name="Make the preview").click()
    made(page, "early")


def test_sending_is_stopped_and_goes_on_without_sending_twice(page: Page, greenlane: Running, tmp_path: Path) -> None:
    file = large_page(tmp_path / "stopped.html", 2)
    line = Line(page)
    page.goto(f"{greenlane.url}/new")
    line.slow(6 * MEGABYTE)
    drop(page, file)
    expect(page.locator("[data-sending-figures]")).to_contain_text(re.compile(r"1\d\.\d\sMB of"))
    page.get_by_role("button", name="Stop sending").click()
    expect(page.locator("[data-sending-says]")).to_have_text("Stopped")
    line.slow(-1)
    drop(page, file)
    expect(page.get_by_label("Address")).to_have_value("stopped", timeout=30_000)
    starts = [start for _, start in line.pieces]
    assert starts.count(0) == 1, starts
    assert len(set(starts)) == len(starts), starts
    page.get_by_role("button", name="Make the preview").click()
    made(page, "stopped")


def test_after_a_reload_the_same_drop_sends_only_what_is_missing(
    page: Page, greenlane: Running, tmp_path: Path
) -> None:
    file = large_page(tmp_path / "reloaded.html", 3)
    line = Line(page)
    page.goto(f"{greenlane.url}/new")
    page.on("dialog", lambda dialog: dialog.accept())
    line.slow(6 * MEGABYTE)
    drop(page, file)
    expect(page.locator("[data-sending-figures]")).to_contain_text(re.compile(r"1\d\.\d\sMB of"))
    assert "/new/upl_" in page.url
    page.reload()
    line.slow(-1)
    expect(page.locator("#found")).to_contain_text("Sending stopped before the end.")
    seen = len(line.pieces)
    drop(page, file)
    expect(page.get_by_label("Address")).to_have_value("reloaded", timeout=30_000)
    assert min(start for _, start in line.pieces[seen:]) >= 8 * 1024 * 1024
    page.get_by_role("button", name="Make the preview").click()
    made(page, "reloaded")


def test_a_line_that_breaks_is_taken_up_again(page: Page, greenlane: Running, tmp_path: Path) -> None:
    line = Line(page)
    page.goto(f"{greenlane.url}/new")
    line.slow(6 * MEGABYTE)
    drop(page, large_page(tmp_path / "broken-line.html", 4))
    expect(page.locator("[data-sending-figures]")).to_contain_text(re.compile(r"[5-9]\.\d\sMB of"))
    line.slow(6 * MEGABYTE, offline=True)
    expect(page.locator("[data-sending-wrong]")).to_contain_text("The connection is interrupted.", timeout=15_000)
    before = len(line.pieces)
    line.slow(-1)
    expect(page.get_by_label("Address")).to_have_value("broken-line", timeout=30_000)
    expect(page.locator("[data-sending-wrong]")).to_be_hidden()
    assert all(start for _, start in line.pieces[before:])


def test_when_trying_again_does_not_help_there_is_a_button(page: Page, greenlane: Running, tmp_path: Path) -> None:
    page.goto(f"{greenlane.url}/new")
    page.clock.install()
    refuse: list[Route] = []

    def away(route: Route) -> None:
        refuse.append(route)
        route.abort()

    page.route(re.compile(r"/new/upl_[^/]+/files"), away)
    drop(page, folder(tmp_path / "unlucky", {"index.html": "<!doctype html><h1>Nobody sent this before</h1>"}))
    on = page.get_by_role("button", name="Go on sending")
    for _ in range(400):
        page.clock.run_for(1000)
        if on.is_visible():
            break
    expect(page.locator("[data-sending-wrong]")).to_contain_text("What arrived is kept.")
    expect(on).to_be_focused()
    assert len(refuse) == 6
    page.unroute(re.compile(r"/new/upl_[^/]+/files"))
    on.click()
    expect(page.get_by_label("Address")).to_have_value("unlucky")


def test_without_a_script_it_is_one_form_and_four_interactions(
    chromium: Browser, state: Any, greenlane: Running, tmp_path: Path
) -> None:
    context = chromium.new_context(java_script_enabled=False, storage_state=state)
    page = context.new_page()
    hand = Counted(page)
    page.goto(f"{greenlane.url}/new")
    page.get_by_label("A zip or an HTML file").set_input_files(zipped(tmp_path / "plain-form.zip"))
    hand.done.append("choose a file")
    hand.chooses("My team")
    hand.presses("Make the preview")
    page.wait_for_load_state()
    if "Is this a new version of" in page.content():  # other scenes brought the same files
        page.get_by_role("link", name="No, make a new app").click()
        page.get_by_role("button", name="Make the preview").click()
    made(page, "plain-form")
    hand.presses(re.compile("^Publish to home"))
    expect(page.locator(".toast")).to_contain_text("Ana Costa published plain-form to production: went through.")
    assert len(hand.done) == 4
    context.close()


def test_without_a_script_a_long_look_is_shown_and_leads_on(
    chromium: Browser, state: Any, greenlane: Running, tmp_path: Path
) -> None:
    context = chromium.new_context(java_script_enabled=False, storage_state=state)
    page = context.new_page()
    page.goto(f"{greenlane.url}/new")
    many = {f"notes/{number}.html": f"<h1>{number}</h1>" * 400 for number in range(1500)}
    page.get_by_label("A zip or an HTML file").set_input_files(zipped(tmp_path / "long-look.zip", many))
    page.get_by_role("button", name="Make the preview").click()
    made(page, "long-look")
    context.close()


def test_names_and_contents_of_builders_are_only_text(page: Page, greenlane: Running, tmp_path: Path) -> None:
    shown: list[str] = []
    page.on("dialog", lambda dialog: (shown.append(dialog.message), dialog.dismiss()))
    image = "<img src=x onerror=alert(1)>"
    hostile = {
        "index.html": "<!doctype html><title>&lt;img src=x onerror=alert(1)&gt;</title>",
        f"{image}.html": "1",
        "javascript:alert(1).html": "2",
        "{{ 7*7 }}.html": "3",
        "'\"--><svg onload=alert(1)>.html": "4",
    }
    page.goto(f"{greenlane.url}/new")
    drop(page, folder(tmp_path / f"{image} & co", hostile))
    expect(page.get_by_label("Name")).to_have_value(image.replace("<", "&lt;").replace(">", "&gt;"))
    page.get_by_text("Each file").click()
    expect(page.locator("[data-sending-files]")).to_contain_text("<img src=x onerror=alert(1)>.html")
    expect(page.locator("#found")).to_contain_text(f"{image} & co")
    page.get_by_label("Address").fill("hostile-names")
    page.get_by_role("button", name="Make the preview").click()
    made(page, "hostile-names")
    assert page.locator("main img[src=x], main svg[onload]").count() == 0
    assert shown == []


def refused(tmp_path: Path) -> dict[str, tuple[Path, str, str]]:
    """What is not taken: the drop, what is said, and what to do."""
    encrypted = tmp_path / "locked.zip"
    data = bytearray(zipped(encrypted).read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + place] |= 1
            at = data.find(mark, at + 4)
    encrypted.write_bytes(bytes(data))
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.html", b"\0" * (90 * MEGABYTE))
    document = tmp_path / "report.pdf"
    document.write_bytes(b"%PDF-1.7\n" + b"x" * 100)
    empty = tmp_path / "nothing.html"
    empty.write_bytes(b"")
    return {
        "a way out": (zipped(tmp_path / "out.zip", {"../a.html": "x"}), "points outside", "Pack the folder again"),
        "a locked zip": (encrypted, "encrypted", "without a password"),
        "a bomb": (bomb, "", ""),
        "a document": (document, "is a PDF document", "Deploy a folder, a .zip"),
        "nothing": (empty, "The upload is empty", "at least one file"),
        "an empty folder": (folder(tmp_path / "bare", {".DS_Store": "x"}), "Nothing is left to serve", "your pages"),
        "a key": (
            folder(tmp_path / "leak", {**SITE, "js/config.js": "\nconst key = 'AKIA" + "Z7XQ4NPL2M5RTVWK'"}),
            "js/config.js, line 2",
            "Replace the key where it was made",
        ),
    }


def test_what_is_not_taken_says_why_and_what_to_do(page: Page, greenlane: Running, tmp_path: Path) -> None:
    page.goto(f"{greenlane.url}/new")
    for name, (path, says, instead) in refused(tmp_path).items():
        drop(page, path)
        place = page.locator("[data-refused], [data-sending-wrong]:not([hidden])")
        expect(place.first, name).to_be_visible()

        def told(says: str = says, instead: str = instead, place: Locator = place) -> bool:
            text = " ".join(
                place.all_inner_texts()
            )  # what was said of the thing before stands until this one is looked at
            return says in text and instead in text

        until(told, f"{name}: {says}, {instead}", 20)
    drop(page, zipped(tmp_path / "after-all.zip", {"index.html": "<!doctype html><title>After all that</title>"}))
    expect(page.get_by_label("Address")).to_have_value("after-all")
    page.get_by_role("button", name="Make the preview").click()
    made(page, "after-all")


def test_a_source_tree_is_said_to_be_one(page: Page, greenlane: Running, tmp_path: Path) -> None:
    package = json.dumps({"scripts": {"build": "vite build"}, "devDependencies": {"vite": "^6"}})
    source = {"package.json": package, "src/main.tsx": "render()", "vite.config.ts": "export default {}"}
    page.goto(f"{greenlane.url}/new")
    drop(page, folder(tmp_path / "source", source))
    expect(page.locator("#found")).to_contain_text("npm run build")


def test_a_new_version_on_the_page_of_an_app_is_a_preview_of_that_app(
    page: Page, greenlane: Running, ana: Terminal, tmp_path: Path
) -> None:
    ana.does("deploy", folder(tmp_path / "one"), "--app", "lunch-board")
    page.goto(f"{greenlane.url}/apps/lunch-board")
    drop(page, folder(tmp_path / "two", {**SITE, "index.html": "<!doctype html><h1>Second</h1>", "new.html": "<p>1"}))
    made(page, "lunch-board")
    expect(page.locator("main")).to_contain_text("new.html")


def test_the_page_of_an_app_takes_a_file_without_a_script_too(
    chromium: Browser, state: Any, greenlane: Running, ana: Terminal, tmp_path: Path
) -> None:
    ana.does("deploy", folder(tmp_path / "one"), "--app", "tea-board")
    context = chromium.new_context(java_script_enabled=False, storage_state=state)
    page = context.new_page()
    page.goto(f"{greenlane.url}/apps/tea-board")
    page.get_by_label("A zip or an HTML file").set_input_files(zipped(tmp_path / "v2.zip"))
    page.get_by_role("button", name="Make a preview of this version").click()
    made(page, "tea-board")
    context.close()


def test_the_front_page_asks_whether_it_is_a_new_version(
    page: Page, greenlane: Running, ana: Terminal, tmp_path: Path
) -> None:
    pages = {f"chapter-{number}.html": f"<h1>Chapter {number}</h1>" for number in range(8)}
    ana.does("deploy", folder(tmp_path / "book", pages), "--app", "hand-book")
    page.goto(f"{greenlane.url}/")
    drop(page, folder(tmp_path / "some folder", {**pages, "chapter-8.html": "<h1>Chapter 8</h1>"}))
    expect(page.get_by_role("heading", name="Is this a new version of hand-book?")).to_be_visible()
    expect(page.locator("#found")).to_contain_text("of its files are the same")
    page.get_by_role("button", name="Yes, make a preview of hand-book").click()
    made(page, "hand-book")
    page.goto(f"{greenlane.url}/")
    drop(page, folder(tmp_path / "other folder", {**pages, "chapter-9.html": "<h1>Chapter 9</h1>"}))
    page.get_by_role("link", name="No, make a new app").click()
    expect(page.get_by_label("Address")).to_have_value("other-folder")
    page.get_by_role("button", name="Make the preview").click()
    made(page, "other-folder")


def test_a_thousand_files_are_quick(page: Page, greenlane: Running, tmp_path: Path) -> None:
    many = {f"data/{number % 20}/{number}.json": json.dumps({"number": number}) for number in range(1000)}
    path = folder(tmp_path / "thousand", {"index.html": "<!doctype html><title>A thousand</title>", **many})
    line = Line(page)
    page.goto(f"{greenlane.url}/new")
    began = time.monotonic()
    drop(page, path)
    expect(page.locator("#found")).to_contain_text("1,001\u00a0files", timeout=30_000)
    took = time.monotonic() - began
    assert len(line.bodies) <= 12  # the list, a few loads, the look
    assert took < 15, f"{took:.1f} s"


def test_ten_tabs_that_watch_what_goes_on_do_not_starve_an_eleventh(
    context: BrowserContext, greenlane: Running, tmp_path: Path
) -> None:
    """All ten are visible at once here, which is worse than what people do; and each has a stream or asks for one."""
    slow = {f"{number}.html": f"<h1>{number}</h1>" + "<p>again</p>" * 3000 for number in range(400)}
    first = context.new_page()
    first.goto(f"{greenlane.url}/new")
    drop(first, folder(tmp_path / "slow to look at", slow))
    expect(first.locator("#going")).to_be_visible(timeout=60_000)
    tabs = [context.new_page() for _ in range(9)]
    for tab in tabs:
        tab.goto(first.url, wait_until="commit")
    last = context.new_page()
    began = time.monotonic()
    last.goto(f"{greenlane.url}/new")
    heading(last, "New app")
    assert time.monotonic() - began < 5
    for tab in [first, *tabs]:
        expect(tab.get_by_label("Address")).to_have_value("slow-to-look-at", timeout=60_000)
        tab.close()
    last.close()


def test_what_is_said_to_those_who_do_not_see_comes_seldom(page: Page, greenlane: Running, tmp_path: Path) -> None:
    page.goto(f"{greenlane.url}/new")
    page.evaluate(
        """() => {
            window.said = [];
            const watched = document.getElementById('told');
            new MutationObserver(() => said.push([performance.now(), watched.textContent.trim()]))
              .observe(watched, {childList: true, subtree: true, characterData: true});
        }"""
    )
    assert page.locator("[aria-live], [role=status]").count() == 1
    Line(page).slow(2 * MEGABYTE)
    drop(page, large_page(tmp_path / "said.html", 5, 24))
    expect(page.get_by_label("Address")).to_have_value("said", timeout=40_000)
    expect(page.locator("#told")).to_contain_text("here", timeout=15_000)
    times = [when for when, text in page.evaluate("said") if text]
    assert len(times) >= 3
    assert all(later - earlier > 4900 for earlier, later in pairwise(times)), times


@pytest.mark.parametrize("what", ["empty", "found", "refused", "leaked", "asked", "front", "app"])
def test_axe_finds_nothing(page: Page, greenlane: Running, ana: Terminal, axe: str, tmp_path: Path, what: str) -> None:
    page.goto(f"{greenlane.url}/{'' if what in ('front', 'asked') else 'new'}")
    if what == "found":
        drop(page, folder(tmp_path / "axe site", {**SITE, "other.html": what, ".env": "A=1", ".git/HEAD": "x"}))
        expect(page.get_by_label("Address")).not_to_have_value("")
        page.get_by_text("Each file").click()
    elif what in ("refused", "leaked"):
        drop(page, refused(tmp_path)["a document" if what == "refused" else "a key"][0])
        expect(page.locator("[data-refused]")).to_be_visible()
    elif what == "asked":
        ana.does("deploy", folder(tmp_path / "axe-board"), "--app", "axe-board")
        drop(page, folder(tmp_path / "axe-board"))
        expect(page.get_by_role("heading", name=re.compile("Is this a new version of"))).to_be_visible()
    elif what == "app":
        ana.does("deploy", folder(tmp_path / "axe-app"), "--app", "axe-app")
        page.goto(f"{greenlane.url}/apps/axe-app")
        expect(page.get_by_role("heading", name="Change it")).to_be_visible()
    assert violations(page, axe) == []
