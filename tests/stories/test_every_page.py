"""What holds for every page, in a real Chromium, over a real Greenlane that has lived for a while.

The pages are those of ``tests/laws/routes.txt``. Each is opened as people open it: light and dark, on a wide screen and
on a telephone, by keyboard alone, without a script, with larger letters, in the system's own colours, on paper.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page
from tests.chromium import Tab, sideways
from tests.stories import looking
from tests.stories.addresses import NOBODY, Visit, pages, visits
from tests.stories.browser import Browser as PlainBrowser
from tests.stories.filled import SETTINGS, Organisation, fill
from tests.stories.running import Running
from tests.stories.terminal import Typist
from tests.web.house_style import EMPTY_LABELS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("every-page")]

TITLES = Path(__file__).with_name("titles.txt")
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


# -- who looks -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def here(typist: Typist) -> Iterator[Organisation]:
    """The organisation."""
    with tempfile.TemporaryDirectory(prefix="gl-") as data, tempfile.TemporaryDirectory(prefix="sites-") as sites:
        running = Running(typist, Path(data), SETTINGS)
        try:
            yield fill(running, Path(sites))
        finally:
            running.stop()


@dataclass
class Desk:
    """One open browser for each person and each way of reading, so that signing in is done once."""

    browser: Browser
    here: Organisation
    tabs: dict[tuple[str, str], Tab] = field(default_factory=dict)

    def tab(self, who: str, way: str = "") -> Tab:
        """Somebody's tab: with a script, with ``plain`` without one, with ``touch`` on a telephone."""
        if (who, way) not in self.tabs:
            ways = {
                "": {"viewport": WIDE},
                "plain": {"viewport": WIDE, "java_script_enabled": False},
                "touch": {"viewport": PHONE, "has_touch": True, "is_mobile": True},
            }
            context = self.browser.new_context(**ways[way])
            opened = Tab(context, self.here.running.url)
            if who != NOBODY:
                opened.page.goto(self.here.session(who))
                opened.page.locator("main form button").first.click()
                opened.page.wait_for_url(f"{self.here.running.url}/*")
            self.tabs[who, way] = opened
        return self.tabs[who, way]

    def close(self) -> None:
        """Everybody goes home."""
        for one in self.tabs.values():
            one.context.close()


@pytest.fixture(scope="module")
def desk(chromium: Browser, here: Organisation) -> Iterator[Desk]:
    """The browsers."""
    opened = Desk(chromium, here)
    yield opened
    opened.close()


def shown(desk: Desk, visit: Visit) -> Page | None:
    """A page, at its top; None for what is no page."""
    tab = desk.tab(visit.who)
    tab.page.set_viewport_size(WIDE)
    try:
        answer = tab.page.goto(tab.origin + visit.path)
    except Error as error:
        if "Download is starting" in error.message:
            return None
        raise
    assert answer is not None
    assert answer.status < 500, f"{visit}: {answer.status}"
    return tab.page if "text/html" in answer.headers.get("content-type", "") else None


def each(desk: Desk, route: str, most: int = 20) -> Iterator[tuple[Visit, Page]]:
    """The examples of a page, opened one after the other."""
    for visit in visits(route, desk.here)[:most]:
        page = shown(desk, visit)
        if page is not None:
            yield visit, page


every_page = pytest.mark.parametrize("route", pages())


# -- what holds for each ---------------------------------------------------------------------------------------------


@every_page
def test_a_page_reads_well_in_light_and_dark_wide_and_narrow(desk: Desk, axe: str, route: str) -> None:
    """axe-core on both widths and in both schemes; 320 pixels; more space; larger letters; every target large enough."""
    found: list[str] = []

    def note(visit: Visit, what: str, problems: list[str]) -> None:
        found.extend(f"{visit.path} ({visit.who or 'nobody'}) {what}: {one}" for one in problems)

    for visit, page in each(desk, route):
        page.emulate_media(color_scheme="light")
        note(visit, "light, wide", looking.axe_finds(page, axe))
        note(visit, "wide", [*looking.regions(page), *looking.small(page), *looking.spaced(page)])
        page.emulate_media(color_scheme="dark")
        note(visit, "dark, wide", looking.axe_finds(page, axe, ["color-contrast"]))
        page.set_viewport_size(PHONE)
        note(visit, "dark, narrow", looking.axe_finds(page, axe))
        page.emulate_media(color_scheme="light")
        note(visit, "light, narrow", [*looking.axe_finds(page, axe, ["color-contrast"]), *looking.cut_off(page)])
        note(visit, "", [*looking.narrow(page), *looking.enlarged(page)])
        names = [one for one in looking.button_names(page) if EMPTY_LABELS.fullmatch(one) or len(one.split()) < 2]
        note(visit, "buttons that do not say what they do", names)
    assert not found, "\n".join(["", *found])


@every_page
def test_a_page_is_walked_through_by_keyboard(desk: Desk, route: str) -> None:
    found = [f"{visit.path}: {one}" for visit, page in each(desk, route, 3) for one in looking.walked(page)]
    assert not found, "\n".join(["", *found])


@every_page
def test_a_page_says_the_same_without_a_script_and_fits_a_thumb(desk: Desk, route: str) -> None:
    """What is read with a script is read without one; on a telephone each target is 44 pixels."""
    found: list[str] = []
    for visit, page in each(desk, route, 4):
        with_script = looking.text(page)
        other = desk.tab(visit.who, "touch").page
        other.goto(desk.here.running.url + visit.path)
        found += [f"{visit.path}: {one}" for one in looking.small_for_a_thumb(other)]
        plain = desk.tab(visit.who, "plain").page
        plain.goto(desk.here.running.url + visit.path)
        lost = set(with_script) - set(looking.text(plain, hidden=True))
        found += [f"{visit.path}: only with a script: {one}" for one in sorted(lost)]
    assert not found, "\n".join(["", *found])


@every_page
def test_a_page_keeps_its_shapes_in_the_systems_colours_and_on_paper(desk: Desk, axe: str, route: str) -> None:
    found: list[str] = []
    for visit, page in each(desk, route, 4):
        page.emulate_media(forced_colors="active")
        found += [f"{visit.path} in the system's colours: {one}" for one in looking.axe_finds(page, axe)]
        page.emulate_media(forced_colors="none", media="print")
        page.set_viewport_size({"width": 720, "height": 1020})
        if sideways(page) > 1:  # what is not a whole number of pixels is rounded up
            found.append(f"{visit.path} on paper: wider than the sheet by {sideways(page)} pixels")
        if page.locator("nav.rooms, .foot").filter(visible=True).count():
            found.append(f"{visit.path} on paper: the navigation is printed")
        page.emulate_media(media="screen")
    assert not found, "\n".join(["", *found])


def test_a_dialog_is_left_with_escape_and_gives_the_focus_back(desk: Desk) -> None:
    met = 0
    for route in pages():
        for visit, page in each(desk, route, 4):
            for number in range(page.locator("[data-opens]").filter(visible=True).count()):
                met += 1
                opener = page.locator("[data-opens]").filter(visible=True).nth(number)
                opener.focus()
                page.keyboard.press("Enter")
                assert page.locator("dialog[open]").count() == 1, visit
                for _ in range(8):
                    page.keyboard.press("Tab")
                    assert page.evaluate(
                        "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
                    )
                page.keyboard.press("Escape")
                assert page.locator("dialog[open]").count() == 0, visit
                assert opener.evaluate("one => one === document.activeElement"), visit
    assert met


def test_the_first_stop_leads_past_the_navigation(desk: Desk) -> None:
    page = shown(desk, Visit("/"))
    assert page is not None
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_keys_of_one_letter_can_be_turned_off(desk: Desk) -> None:
    page = shown(desk, Visit("/roles"))
    assert page is not None
    page.keyboard.type("gl")
    page.wait_for_url("**/ledger")
    shown(desk, Visit("/keys"))
    page.get_by_label("Use keys of one letter").uncheck()
    shown(desk, Visit("/roles"))
    page.keyboard.type("gl")
    page.keyboard.press("Control+k")  # not a key of one letter: it still opens the palette, on the page that one is on
    assert page.locator("dialog[open]").count() == 1
    assert urlsplit(page.url).path == "/roles"
    shown(desk, Visit("/keys"))
    page.get_by_label("Use keys of one letter").check()


def test_no_page_broke_a_policy_or_failed_in_its_script(desk: Desk) -> None:
    """What every tab of this file heard on its way: no report of a Content-Security-Policy or of Trusted Types."""
    assert {who: tab.broken for who, tab in desk.tabs.items() if tab.broken} == {}


# -- what is the same on all -----------------------------------------------------------------------------------------


class _Read(HTMLParser):
    """A page as its text has it: title, headings, links, navigation and help."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.said: dict[str, list[str]] = {"title": [], "h1": [], "nav": [], "footer": []}
        self.links: set[str] = set()
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.open.append(tag)
        href = dict(attrs).get("href")
        if tag == "a" and href:
            self.links.add(href)
            if "nav" in self.open and "header" in self.open:
                self.said["nav"].append(href)
            if "footer" in self.open:
                self.said["footer"].append(href)

    def handle_endtag(self, tag: str) -> None:
        while tag in self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        for one in ("title", "h1", "footer"):
            if one in self.open and "svg" not in self.open:
                self.said[one].append(data)

    def of(self, what: str) -> str:
        return " ".join(" ".join(self.said[what]).split())


@dataclass
class Library:
    """Every page, read once as text."""

    here: Organisation

    @cached_property
    def read(self) -> dict[tuple[str, Visit], _Read]:
        """By its route and its address."""
        browsers: dict[str, PlainBrowser] = {}
        found = {}
        for route in pages():
            for visit in visits(route, self.here):
                if visit.who not in browsers:
                    browsers[visit.who] = PlainBrowser()
                    if visit.who != NOBODY:
                        link = self.here.session(visit.who)
                        browsers[visit.who].open(link)
                        browsers[visit.who].send(link)
                answer = browsers[visit.who].open(self.here.running.url + visit.path)
                if "text/html" in answer["content-type"]:
                    found[route, visit] = _Read(answer.text)
        return found


@pytest.fixture(scope="module")
def library(here: Organisation) -> Library:
    """The pages as text."""
    return Library(here)


def test_navigation_and_help_are_the_same_on_every_page(library: Library) -> None:
    """3.2.3, 3.2.4, 3.2.6: the same rooms in the same order, and the same help at the end."""
    rooms: dict[str, set[tuple[str, ...]]] = {}
    for (route, visit), page in library.read.items():
        if page.said["nav"]:  # coming in and going out have no rooms to go to
            rooms.setdefault(visit.who, set()).add(tuple(page.said["nav"]))
        assert "Need help?" in page.of("footer"), f"{route}: no help"
    helps = {page.of("footer").partition("Need help?")[2].partition(".")[0] for page in library.read.values()}
    assert {who: len(ways) for who, ways in rooms.items()} == dict.fromkeys(rooms, 1)
    assert len(helps) == 1


SEVERAL_WAYS_EXCUSED = {
    "/do/{verb}": "a step of a process: each is reached from the page of what it changes, and from the palette",
    "/apps/{app}/builds/{build}": "the result of a process, which sending sources and the list of builds lead to",
    "/apps/{app}/schedules/{run}": "the result of a process, which the list of runs and the receipt lead to",
    "/allow/{confirmation}": "a link that an agent was given for its person",
    "/login/{login}": "a step of a process: the terminal leads there, or the page where its code is typed",
    "/sign-in-providers/{provider}": "the result of a process, which adding a provider and the list of them lead to",
    "/ask/{app}": "a step of a process: the page of an app that one may not open leads there",
    "/calls/{call}/words": "a step of a process, for the few who may: the page of the call leads there",
    "/models/swap": "a step of a process, for the few who may: the table of providers leads there",
    "/models/try/{attempt}": "the result of a process, which sending a prompt leads to",
    "/ledger/verify": "the result of a check, which the button of the ledger leads to",
    "/new/{upload}": "a step of a process: what was dropped leads there",
    "/policy/change": "a step of a process, for the few who may",
    "/styleguide": "for those who build the console",
    "/sign-in": "where whoever is signed out is led from every page",
    "/sign-in/{secret}": "a link that was sent to one person",
    "/invitation/{secret}": "a link that was sent to one person",
    "/signed-out": "the end of a process",
    "/sign-out": "a step of a process",
    "/sign-in/recover": "a step of a process",
    "/welcome": "a step of a process",
}
"""2.4.5 excuses a page that is a step of a process or its result."""


def test_every_page_is_reached_in_several_ways(library: Library) -> None:
    """2.4.5: from at least two other pages, one of them being the room that it is in or the search of a list."""
    ways: dict[str, set[str]] = {route: set() for route in pages()}
    for (route, _), page in library.read.items():
        for link in page.links:
            for other, found in ways.items():
                pattern = re.sub(r"\\\{[\w:]+\\\}", "[^/]+", re.escape(other))
                if other != route and re.fullmatch(pattern, urlsplit(link).path or "/"):
                    found.add(route)
    lonely = {
        route: sorted(found) for route, found in ways.items() if len(found) < 2 and route not in SEVERAL_WAYS_EXCUSED
    }
    assert lonely == {}


def test_there_is_no_sound_and_no_film(library: Library) -> None:
    """1.2.1 to 1.2.5, 1.4.2: nothing is there that they ask something of."""
    for page in library.read.values():
        assert not page.tags & {"audio", "video", "object", "embed", "track"}


def test_every_page_has_the_title_and_the_heading_that_were_reviewed(library: Library) -> None:
    """2.4.2: the heading says what the page is about, the title also its state. Reviewed as a diff of titles.txt."""

    def plain(text: str) -> str:
        text = re.sub(r"\b(?:req|p|act|ses|tok)_[0-9a-z]{6,}…?", "ID", text)
        return re.sub(r"\b\d[\d,.]*\b", "N", re.sub(r"\bd(?=[a-z]*\d)[0-9a-z]{9}\b", "ID", text))

    lines = sorted(
        f"{route} | {plain(page.of('title'))} | {plain(page.of('h1'))} | {visit.who or 'nobody'}"
        for (route, visit), page in library.read.items()
    )
    now = "".join(f"{one}\n" for one in dict.fromkeys(lines))
    if os.environ.get("GREENLANE_WRITE_GOLDEN"):
        TITLES.write_text(now)
    assert now == TITLES.read_text(), "titles changed: review them, and write them with GREENLANE_WRITE_GOLDEN=1"


# -- the looks find what they are there for --------------------------------------------------------------------------

PLANTED = {
    "wider than a small screen": ("<p style='width:600px'>x</p>", looking.narrow),
    "cut off": ("<p style='width:40px;overflow:hidden;white-space:nowrap'>a long line of words</p>", looking.cut_off),
    "no room for more space": ("<p style='height:20px;overflow:hidden'>two words</p>", looking.spaced),
    "no room for larger letters": ("<p style='width:80px;overflow:hidden'>unbreakable</p>", looking.enlarged),
    "a small target": (
        "<p><button style='height:12px;padding:0;border:0'>a b</button></p>",
        looking.small,
    ),
    "no focus to be seen": ("<style>a:focus{outline:none}</style><a href=x>one</a>", looking.walked),
    "a focus that is covered": (
        "<a href=x>one</a><div style='position:fixed;inset:0;background:#fff'></div>",
        looking.walked,
    ),
    "a focus that goes backwards": ("<a href=x>one</a><a href=y tabindex=1>two</a>", looking.walked),
    "nothing for the keyboard": ("<p>words</p>", looking.walked),
    "two headings of a page": ("<main><h1>a</h1><h1>b</h1></main>", looking.regions),
    "two voices": ("<main><h1>a</h1><p role=status></p><p aria-live=polite></p></main>", looking.regions),
}


@pytest.mark.parametrize("what", PLANTED)
def test_a_look_finds_what_is_wrong(chromium: Browser, what: str) -> None:
    html, looks = PLANTED[what]
    page = chromium.new_page()
    try:
        page.set_content(f"<!doctype html><title>x</title><style>:focus-visible{{outline:2px solid}}</style>{html}")
        assert looks(page)
    finally:
        page.close()


def test_a_look_lets_a_good_page_pass(chromium: Browser, axe: str) -> None:
    page = chromium.new_page()
    try:
        page.set_content(
            "<!doctype html><html lang=en><title>x</title><style>:focus-visible{outline:2px solid}button{min-height:44px}"
            "</style><main><h1>One thing</h1><p>Words.</p><button>Publish to Sales</button></main>"
        )
        assert looking.axe_finds(page, axe) == []
        for looks in (looking.walked, looking.regions, looking.spaced, looking.narrow, looking.enlarged):
            assert looks(page) == []
        assert looking.small_for_a_thumb(page) == []
    finally:
        page.close()
