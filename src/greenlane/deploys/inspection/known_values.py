"""The very values that the platform keeps, found in whatever form they stand in a file, in one walk over it.

All forms of all values are looked for at once (Aho and Corasick, *Efficient string matching*, CACM 18, 1975), so the time
depends on the size of the file and not on how many values there are. A value that is split over lines or put together
out of strings is found by leaving out, on both sides, what such splitting adds: quotes, plus signs, blanks.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

from ahocorasick_rs import BytesAhoCorasick

from greenlane.deploys.inspection.finding import Finding, hint, mark_of
from greenlane.deploys.inspection.pieces import unpacked

SHORTEST = 8
"""Letters of the shortest value that is looked for: shorter ones stand in every file."""

_LONGEST = 256
"""Bytes of a form that are compared; of a longer one its middle, which no other text shares."""

_FOLDED_FROM = 10
"""Letters that must be left of a form for it to be looked for in the file without its blanks and quotes."""

_LETTERS = (re.compile(rb"[a-z]"), re.compile(rb"[A-Z]"), re.compile(rb"[0-9]"))
_MIXED = 2

_AT_ONCE = 1024 * 1024
"""Bytes that are searched in one go, so that a file full of matches needs no more memory than another."""

_LEFT_OUT = b" \t\r\n\f\v\0\"'`+\\,().&"
_SPELT = (b"\\n", b"\\r", b"\\t", b".concat(")
"""Line ends as a string spells them, and the call by which old scripts put strings together."""

_EVERYDAY = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[a-z0-9-]+\.)*[a-z0-9-]+(?::\d{1,5})?(?:/[a-z0-9._~-]{0,15})*"
    r"|[\w.+-]+@[\w.-]+\.[a-z]{2,}|[\d.,:/ -]{1,11}",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"://|\.[a-z]{2,24}(?:[:/]|$)|@|^[\d.,:/ -]+$|^localhost", re.IGNORECASE)
_EVERYDAY_WORDS = frozenset(
    [
        "production",
        "development",
        "staging",
        "preview",
        "testing",
        "localhost",
        "disabled",
        "enabled",
        "undefined",
        "postgres",
        "postgresql",
        "mysql",
        "sqlite",
        "password",
        "username",
        "database",
        "required",
        "optional",
        "us-east-1",
        "us-west-2",
        "eu-west-1",
        "eu-central-1",
    ]
)


def is_everyday(value: str) -> bool:
    """Whether a value is no secret by its look: an address without a password, a host, a mail address, a common word."""
    if value.isdigit():
        return len(value) <= 11  # a day, a moment, a port with a number before it
    return value.casefold() in _EVERYDAY_WORDS or bool(_ADDRESS.search(value) and _EVERYDAY.fullmatch(value))


class KnownValues:
    """Values that the platform keeps, by the name of each, to be found in files. ``key`` is what their marks are under.

    Values of fewer than eight characters are not looked for. One that is an everyday word or a plain address weighs as
    a text that merely looks like a secret: it stands in files that say nothing of it.
    """

    def __init__(self, known: Mapping[str, str], key: bytes = b"") -> None:
        self._known = {name: value for name, value in sorted(known.items()) if len(value) >= SHORTEST}
        self._key = key
        as_it_is: dict[bytes, str] = {}
        folded: dict[bytes, str] = {}
        for name, value in self._known.items():
            for form in forms_of(value):
                short = _fold(form)
                if len(short) >= _FOLDED_FROM or (len(short) >= SHORTEST and _mixed(short)):
                    folded.setdefault(_middle(short), name)
                elif len(form) >= SHORTEST - 1:
                    as_it_is.setdefault(form, name)
        self._as_it_is, self._folded = _Searched(as_it_is), _Searched(folded)

    def find(self, data: bytes) -> tuple[Finding, ...]:
        """Which of them a file holds, archives included: the names are the app's own, so they may be told."""
        if not self._known:
            return ()
        found: dict[tuple[str, str], Finding] = {}
        for where, content in (("", data), *unpacked(data)):
            for name, place in self._places(content):
                if (name, where) not in found:
                    found[name, where] = self._finding(name, content, place, where)
        return tuple(sorted(found.values()))

    def _places(self, data: bytes) -> Iterator[tuple[str, int]]:
        """Each value's first place in some bytes."""
        yield from self._as_it_is.first(data)
        if self._folded:
            spelt = _spelt(data)
            for name, place in self._folded.first(spelt.translate(None, _LEFT_OUT)):
                yield name, _unfolded(spelt, place)

    def _finding(self, name: str, data: bytes, place: int, where: str) -> Finding:
        value = self._known[name]
        return Finding(
            "random" if is_everyday(value) else "leaked",
            f"Value of the secret {name}",
            data.count(b"\n", 0, place) + 1,
            hint(value),
            place - data.rfind(b"\n", 0, place),
            where,
            mark_of(value, self._key),
        )


class _Searched:
    """Forms, each of one value, that are looked for together."""

    def __init__(self, forms: Mapping[bytes, str]) -> None:
        self._names = list(forms.values())
        self._values = len(set(self._names))
        self._longest = max(map(len, forms), default=0)
        self._automaton = BytesAhoCorasick(list(forms)) if forms else None

    def __bool__(self) -> bool:
        return self._automaton is not None

    def first(self, data: bytes) -> Iterator[tuple[str, int]]:
        """The first place of each value."""
        if self._automaton is None:
            return
        told: set[str] = set()
        for start in range(0, len(data), _AT_ONCE):
            piece = data[start : start + _AT_ONCE + self._longest]
            for which, place, _ in self._automaton.find_matches_as_indexes(piece, overlapping=True):
                if (name := self._names[which]) not in told:
                    told.add(name)
                    yield name, start + place
            if len(told) == self._values:
                return


def forms_of(value: str) -> Iterator[bytes]:
    """A value as it could be written: as it is, in Base64 in every alignment, in hexadecimal, percent-encoded, as JSON,
    HTML and scripts escape it, and as the numbers of its letters. Each form once.
    """
    raw = value.encode("utf-8", "surrogatepass")
    forms = {raw, value.encode("utf-16-le", "surrogatepass"), raw.hex().encode(), raw.hex().upper().encode()}
    forms |= {quote(value, safe="", errors="replace").encode(), quote(value, errors="replace").encode()}
    forms |= {
        quote_plus(value, errors="replace").encode(),
        re.sub(r"%..", _small, quote(value, safe="", errors="replace")).encode(),
    }
    for ascii_only in (True, False):
        spelt = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        twice = json.dumps(spelt, ensure_ascii=ascii_only)[1:-1]
        forms |= {one.encode("utf-8", "surrogatepass") for one in (spelt, twice, spelt.replace("/", "\\/"))}
    forms |= {
        html.escape(value).encode("utf-8", "surrogatepass"),
        html.escape(value, quote=False).encode("utf-8", "surrogatepass"),
    }
    for letters in ("{:02x}", "{:02X}"):
        forms |= {before.join(["", *(letters.format(one) for one in raw)]).encode() for before in ("\\x", "%", "0x")}
    forms |= {b":".join([b"%02x" % one for one in raw]), b"-".join([b"%02X" % one for one in raw])}
    forms |= {b",".join([b"%d" % one for one in raw]), "".join(f"&#{ord(one)};" for one in value).encode()}
    forms |= {
        "".join(f"\\u{ord(one):04x}" for one in value).encode(),
        "".join(f"&#x{ord(one):x};" for one in value).encode(),
    }
    for content in (raw, value.encode("utf-16-le", "surrogatepass"), base64.b64encode(raw)):
        forms |= set(_base64_of(content))
    yield from sorted(forms)


def _base64_of(content: bytes) -> Iterator[bytes]:
    """Base64 of a longer text holds a value in one of three alignments; letters at the seams depend on neighbours."""
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            letters = encode(b"\0" * before + content).rstrip(b"=")
            keep = len(letters) if (before + len(content)) % 3 == 0 else len(letters) - 1
            yield letters[(0, 2, 3)[before] : keep]


def _small(escape: re.Match[str]) -> str:
    return escape[0].lower()


def _middle(form: bytes) -> bytes:
    start = max(0, (len(form) - _LONGEST) // 2)
    return form[start : start + _LONGEST]


def _spelt(data: bytes) -> bytes:
    """The bytes with blanks where line ends are spelt, as long as before."""
    for spelt in _SPELT:
        data = data.replace(spelt, b" " * len(spelt))
    return data


def _mixed(form: bytes) -> bool:
    """Whether a form has two of large letters, small letters and digits: chance makes no such word."""
    return sum(bool(kind.search(form)) for kind in _LETTERS) >= _MIXED


def _fold(data: bytes) -> bytes:
    return _spelt(data).translate(None, _LEFT_OUT)


def _unfolded(spelt: bytes, place: int) -> int:
    """Where the byte stands that is at ``place`` once everything is left out that folding leaves out."""
    left = place
    for start in range(0, len(spelt), _AT_ONCE):
        kept = len(spelt[start : start + _AT_ONCE].translate(None, _LEFT_OUT))
        if kept > left:
            break
        left -= kept
    while True:
        if spelt[start] not in _LEFT_OUT:
            if left == 0:
                return start
            left -= 1
        start += 1
