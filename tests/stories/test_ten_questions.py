"""Ten questions about an app, answered by somebody who only reads: what is on its page, and where its links lead.

The reader knows no address and no markup. It looks for the heading, the label or the link whose words come nearest to
the question, reads what stands there, and follows at most two links. What it finds has to be what really happened.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from tests.stories.browser import Browser
from tests.stories.filled import SETTINGS, Organisation, fill
from tests.stories.running import Running
from tests.stories.terminal import Typist

LABELS = {"h1": 1, "h2": 2, "h3": 3, "dt": 4, "summary": 4}
APART = {
    "p",
    "li",
    "dd",
    "tr",
    "td",
    "th",
    "div",
    "section",
    "dl",
    "ul",
    "ol",
    "table",
    "details",
    "form",
    "nav",
    "main",
}
NOT_READ = {"script", "style", "svg", "noscript", "head", "select", "header", "footer"}
EMPTY = {"br", "hr", "img", "input", "link", "meta"}
SMALL_WORDS = {
    "a",
    "an",
    "and",
    "as",
    "at",
    "by",
    "did",
    "do",
    "does",
    "for",
    "i",
    "in",
    "is",
    "it",
    "its",
    "of",
    "on",
    "or",
    "that",
    "the",
    "this",
    "to",
    "was",
    "were",
    "which",
    "with",
}


def words(text: str) -> set[str]:
    """The words that carry a meaning, without their endings."""
    found = re.findall(r"[a-z]+", text.lower())
    return {re.sub(r"(?:ed|es|s|d|ing|e)$", "", one) for one in found if one not in SMALL_WORDS and len(one) > 2}


@dataclass
class Passage:
    """A label with what stands below it, or a link with where it leads. ``level``: how far down its heading stands."""

    label: str
    level: int
    text: str = ""
    href: str = ""
    anchors: set[str] = field(default_factory=set)


class Reading(HTMLParser):
    """A page as passages. What is not visible is not read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.passages: list[Passage] = [Passage("", 0)]
        self.links: list[Passage] = []
        self._open: list[tuple[str, bool]] = []
        self._label: tuple[str, Passage] | None = None
        self._link: Passage | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in EMPTY:
            return
        told = dict(attrs)
        hidden = tag in NOT_READ or "hidden" in told or "unseen" in (told.get("class") or "")
        self._open.append((tag, hidden))
        if tag in LABELS and not self._unread:
            self.passages.append(Passage("", LABELS[tag], anchors={told.get("id") or ""} - {""}))
            self._label = tag, self.passages[-1]
        if tag == "a" and told.get("href") and not self._unread:
            self._link = Passage("", 9, href=str(told["href"]))
        if tag in APART:
            self._read("\n")

    def handle_endtag(self, tag: str) -> None:
        while any(tag == one for one, _ in self._open) and self._open.pop()[0] != tag:
            pass
        if self._label and tag == self._label[0]:
            self._label = None
        if tag == "a" and self._link:
            self.links.append(self._link)
            self._link = None
        if tag in APART:
            self._read("\n")

    def handle_data(self, data: str) -> None:
        if self._unread:
            return
        if self._link:
            self._link.label += data
        if self._label:
            self._label[1].label += data
        self._read(data)

    def _read(self, text: str) -> None:
        """A text belongs to its label and to every label above that one."""
        level = 10
        for passage in reversed(self.passages):
            if passage.level < level:
                passage.text += text
                level = passage.level

    @property
    def _unread(self) -> bool:
        return any(hidden for _, hidden in self._open)

    @property
    def candidates(self) -> list[Passage]:
        """Labels, lines that begin with a label and a colon, and links."""
        lines = [line.strip() for line in self.passages[0].text.split("\n")]
        led = [Passage(line.partition(":")[0], 5, line) for line in lines if 0 < line.find(":") < 40]
        return [*self.passages[1:], *led, *self.links]


class Reader:
    """Somebody who reads, signed in as a person of the organisation."""

    def __init__(self, browser: Browser, origin: str) -> None:
        self._browser = browser
        self._origin = origin

    def answer(self, question: str, at: str, clicks: int = 2) -> tuple[str, int]:
        """What this reader takes for the answer, and after how many clicks."""
        url = urljoin(self._origin, at)
        for clicked in range(clicks + 1):
            page = Reading(self._browser.open(url).text)
            fragment = urlsplit(url).fragment
            asked = [one for one in page.passages if fragment in one.anchors] if clicked and fragment else []
            best = asked[0] if asked else self._nearest(question, page.candidates)
            if not best.href:
                return " ".join(best.text.split()), clicked
            url = urljoin(url, best.href)
        raise AssertionError(f"not answered within {clicks} clicks: {question}")

    def _nearest(self, question: str, candidates: list[Passage]) -> Passage:
        wanted = words(question)

        def scent(one: Passage) -> tuple[float, float, int]:
            found = words(one.label)
            return len(wanted & found), -len(found - wanted), -one.level

        here = [
            one
            for one in candidates
            if not one.href or urlsplit(urljoin(self._origin, one.href)).netloc == urlsplit(self._origin).netloc
        ]
        return max(here, key=scent)


@pytest.fixture(scope="module")
def here(typist: Typist) -> Iterator[Organisation]:
    """The organisation, without its crowd."""
    with tempfile.TemporaryDirectory(prefix="gl-") as data, tempfile.TemporaryDirectory(prefix="sites-") as sites:
        running = Running(typist, Path(data), SETTINGS)
        try:
            yield fill(running, Path(sites), more=0)
        finally:
            running.stop()


@pytest.fixture(scope="module")
def reader(here: Organisation) -> Reader:
    """The owner, who reads."""
    browser = Browser()
    link = here.session("ana")
    browser.open(link)
    browser.send(link)
    return Reader(browser, here.running.url)


Truth = Callable[[Organisation], list[str]]


VENDOR_BOARD: dict[str, Truth] = {
    "Who put this live?": lambda _: ["Ben Okafor"],
    "What data does it touch?": lambda _: ["No personal data"],
    "Where does it run?": lambda here: ["browsers", f"vendor-board.localhost:{here.running.port}"],
    "Can it be audited?": lambda _: ["receipts", "verified"],
    "Which credentials does it hold?": lambda _: ["1 secret has a value that nobody can read"],
    "Why was it allowed?": lambda _: ["Went through", "Only the team can open it"],
    "Who may open it?": lambda _: ["team operations"],
    "What did it cost?": lambda _: ["0.00 metered", "0.00 invoiced"],
    "What changed with it?": lambda _: ["1 file", "It reaches nothing new"],
    "How do I undo it?": lambda _: ["Go back to", "at once"],
}


@pytest.mark.parametrize("question", VENDOR_BOARD)
def test_a_reader_finds_the_answer(here: Organisation, reader: Reader, question: str) -> None:
    said, clicks = reader.answer(question, "/apps/vendor-board")
    missing = [one for one in VENDOR_BOARD[question](here) if one not in said]
    assert not missing, f"after {clicks} clicks the reader takes this for the answer: {said[:400]}"


OFFSITE = {
    "Who put this live?": ["Ben Okafor"],
    "Why was it allowed?": ["Going back to what was live before"],
    "Who may open it?": ["Everybody on the internet"],
}


@pytest.mark.parametrize("question", OFFSITE)
def test_a_reader_finds_the_answer_about_a_public_app(here: Organisation, reader: Reader, question: str) -> None:
    said, _ = reader.answer(question, "/apps/offsite")
    assert all(one in said for one in OFFSITE[question]), said[:400]


UNKNOWN = ("Who put this live?", "What data does it touch?", "Which credentials does it hold?")


@pytest.mark.parametrize("question", UNKNOWN)
def test_what_is_not_known_is_said_to_be_unknown(here: Organisation, reader: Reader, question: str) -> None:
    said, _ = reader.answer(question, "/apps/onboarding")
    assert re.search(r"\b(?:nobody|nothing|none|no|not)\b", said, re.IGNORECASE), said[:400]


def test_the_reader_is_no_oracle() -> None:
    """A page whose labels do not say what stands below them answers nothing."""
    page = Reading("<main><h1>App</h1><h2>Overview</h2><p>Ben</p><h2>Details</h2><p>0.00</p></main>")
    best = Reader(Browser(), "http://localhost")._nearest("Who put this live?", page.candidates)
    assert not words("Who put this live?") & words(best.label)


def test_the_reader_reads_what_can_be_seen_and_nothing_else() -> None:
    page = Reading('<main><h2>Cost</h2><p hidden>no</p><p>0.00 <span class="unseen">no</span></p><svg>no</svg></main>')
    assert " ".join(page.passages[1].text.split()) == "Cost 0.00"
