"""What one file says about itself. A pure function of its bytes and its name, so the answer can be kept and reused."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import orjson

from greenlane.deploys import kinds
from greenlane.deploys.inspection import reach
from greenlane.deploys.inspection.credentials import AT_MOST, Credential, credentials_in, told
from greenlane.deploys.inspection.finding import Finding
from greenlane.deploys.inspection.packages import is_lock_file, packages_in
from greenlane.deploys.inspection.people import People, find_people
from greenlane.deploys.inspection.pieces import Reading, readings
from greenlane.deploys.inspection.text import decoded
from greenlane.runtime.building.installed import Package

VERSION = 4
"""Counted up whenever the same bytes would be told differently, so that kept answers are not used any longer."""

_READ_AT_MOST = 20 * 1024 * 1024
"""Bytes of one file that are read as text. What is larger is media or a dump, and its beginning says what it is."""

_NOT_TEXT = frozenset([kinds.FONT, kinds.MEDIA])
_STRING = re.compile(r""""[^"\n]{3,400}"|'[^'\n]{3,400}'|`[^`]{3,2000}`""")


@dataclass(frozen=True, slots=True)
class FileFacts:
    """The facts of one file. Hosts, findings, marks of people and packages are sorted, so equal files are equal."""

    kind: str
    size: int
    runs: bool
    reach: tuple[tuple[str, tuple[str, ...]], ...]
    findings: tuple[Finding, ...]
    people: tuple[tuple[str, tuple[str, ...]], ...]
    packages: tuple[Package, ...]

    def as_dict(self) -> dict[str, Any]:
        """The facts as JSON values."""
        return {
            "kind": self.kind,
            "size": self.size,
            "runs": self.runs,
            "reach": {directive: list(hosts) for directive, hosts in self.reach},
            "findings": [one.as_dict() for one in self.findings],
            "people": {name: list(marks) for name, marks in self.people},
            "packages": [list(one) for one in self.packages],
        }

    @classmethod
    def from_dict(cls, sheet: dict[str, Any]) -> FileFacts:
        """Read what ``as_dict`` wrote."""
        return cls(
            kind=sheet["kind"],
            size=sheet["size"],
            runs=sheet["runs"],
            reach=_pairs(sheet["reach"]),
            findings=tuple(Finding(**one) for one in sheet["findings"]),
            people=_pairs(sheet["people"]),
            packages=tuple((one[0], one[1], one[2]) for one in sheet["packages"]),
        )


def cache_key(path: str, sha256: str) -> str:
    """The key under which the facts of a file can be kept: its bytes, its name without folders, and our version."""
    return f"{VERSION}:{sha256}:{path.rpartition('/')[2].lower()}"


def inspect_file(path: str, data: bytes, key: bytes = b"") -> FileFacts:
    """Look at one file. Of the path only the name counts. ``key`` is what the marks of values are under."""
    kind = kinds.kind_of(path)
    name = path.rpartition("/")[2].lower()
    if not _is_text(kind, name, data):
        return FileFacts(kind, len(data), False, (), _found(path, data, key), (), ())
    text = decoded(data[:_READ_AT_MOST])
    lock_file = is_lock_file(path)
    people: People = {}
    if not (lock_file or name in ("package.json", "composer.json") or name.endswith(".map")):
        people = _people(kind, name, data, text)
    return FileFacts(
        kind=kind,
        size=len(data),
        runs=_runs(name, text),
        reach=_pairs(_reach(kind, name, text)),
        findings=_found(path, data, key),
        people=_pairs(people),
        packages=packages_in(path, text),
    )


def credentials_of(path: str, data: bytes) -> Iterator[tuple[Credential, Reading]]:
    """Every credential in a file with its value and its place, for the platform's own use: never for a face."""
    name = path.rpartition("/")[2].lower()
    for reading in readings(path, data, text=_is_text(kinds.kind_of(path), name, data)):
        parts = ((where or path, start, end) for where, start, end in reading.parts())
        for one in credentials_in(reading.text, parts, lock_file=is_lock_file(path)):
            yield one, reading


def _found(path: str, data: bytes, key: bytes) -> tuple[Finding, ...]:
    """What stands in a file, each value once, and no more than anybody reads."""
    found: dict[str, Finding] = {}
    for one, reading in credentials_of(path, data):
        found.setdefault(one.value, told(one, reading, key))
        if len(found) >= AT_MOST:
            break
    return tuple(sorted(found.values()))


def _is_text(kind: str, name: str, data: bytes) -> bool:
    image = kind == kinds.IMAGE and not name.endswith(".svg")
    return not (image or kind in _NOT_TEXT or data[:8] == b"\x89PNG\r\n\x1a\n" or data[:3] == b"\xff\xd8\xff")


def _reach(kind: str, name: str, text: str) -> reach.Reach:
    if kind == kinds.PAGE or name.endswith(".svg"):
        return reach.of_page(text)
    if kind == kinds.STYLE:
        return reach.of_style(text)
    if kind == kinds.SCRIPT and not name.endswith((".map", ".wasm")):
        return reach.of_script(text)
    return {}


def _people(kind: str, name: str, data: bytes, text: str) -> People:
    if name.endswith(".xlsx"):
        text = _sheet_text(data)
        return find_people(text, [text])
    if kind == kinds.PAGE:
        if "&#" not in text and not find_people(text, [text]):
            return {}  # what is nowhere in the text is in none of its parts, and the page need not be parsed
        page = _Tables()
        page.feed(text)
        page.close()
        return find_people(page.text(), page.cells)
    if kind in (kinds.SCRIPT, kinds.CODE):
        strings = _STRING.findall(text)
        return find_people("\n".join(strings), strings)
    if kind == kinds.DATA:
        return find_people(text, [text])
    return find_people(text, [])


def _runs(name: str, text: str) -> bool:
    """Whether a file by itself asks to be run on a server: a `package.json` with a start script."""
    if name != "package.json":
        return False
    try:
        return "start" in orjson.loads(text).get("scripts", {})
    except (ValueError, AttributeError, TypeError):
        return False


def _sheet_text(data: bytes) -> str:
    """The words in a workbook (ECMA-376: shared strings and inline values), up to a bound; empty when it is none."""
    pieces: list[str] = []
    left = _READ_AT_MOST
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            for one in book.namelist()[:1000]:
                if one == "xl/sharedStrings.xml" or one.startswith("xl/worksheets/sheet"):
                    with book.open(one) as part:
                        piece = part.read(left)
                    left -= len(piece)
                    pieces.append(re.sub(r"<[^>]{0,2000}>", "\n", piece.decode("utf-8", "replace")))
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError, EOFError):
        return ""
    return "\n".join(pieces)


class _Tables(HTMLParser):
    """The words of a page: those in table cells and definition lists apart, and those of scripts as strings."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.cells: list[str] = []
        self._words: list[str] = []
        self._deep = 0
        self._script = False

    def text(self) -> str:
        """All words, for numbers that say by their check digits what they are."""
        return "\n".join([*self._words, *self.cells])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._deep += tag in ("td", "th", "dd")
        self._script = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._deep = max(0, self._deep - (tag in ("td", "th", "dd")))
        self._deep = 0 if tag == "table" else self._deep
        self._script = False

    def handle_data(self, data: str) -> None:
        if self._script:
            self.cells += _STRING.findall(data)
        elif self._deep:
            self.cells.append(data)
        else:
            self._words.append(data)


def _pairs(sheet: dict[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((name, _sorted(values)) for name, values in sorted(sheet.items()) if values)


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(values))
