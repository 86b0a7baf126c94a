"""A file as the pieces in which a credential could stand, each with the place that a person would look at.

A source map is its sources, an archive its files, a program the texts in it. Strings that are put together out of parts
are joined, and Base64 that turns out to be text is read as that text. Nothing is written to a disk, and how much comes
out of one file is bounded, whatever it says about itself.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import IO

import orjson

from greenlane.deploys.inspection.key_stores import armoured
from greenlane.deploys.inspection.text import decoded

UNPACKED_AT_MOST = 128 * 1024 * 1024
"""Bytes that are read out of the archives in one file, all together."""

MEMBERS_AT_MOST = 20_000
"""Files of an archive that are looked at."""

DEPTH = 2
"""Archives within archives."""

READ_AT_ONCE = 4 * 1024 * 1024
"""Letters that are searched in one go."""

_OVERLAP = 16 * 1024
"""Letters that two goes share: no private key is longer."""

_CHUNK = 256 * 1024
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}
_TAR_MAGIC = slice(257, 262)
_WORDS = re.compile(rb"[\t\x20-\x7e]{8,}")
_WIDE = re.compile(rb"(?:[\t\x20-\x7e]\x00){8,}")
_JOIN = re.compile(
    r"""(?P<quote>["'`])\s{0,200}(?:[+.&]|\.\.|\\)\s{0,200}["'`]|["'`]\.concat\(\s{0,200}["'`]|(?<=\w)\\\r?\n\s{0,80}(?=\w)"""
    r"""|["']\s{0,200}\n\s{0,200}["']"""
)
"""Where one string is put together out of two: ``"a" + "b"``, ``"a"`` on one line and ``"b"`` on the next."""
_LINE_END = re.compile("\n")
_BESIDE = 400
"""Letters of each part that are joined."""
_ESCAPED = re.compile(r"(?:\\{1,2}(?:x|u00)[2-7][0-9A-Fa-f]){12,}")
_ESCAPE = re.compile(r"\\(?:x|u00)([0-9A-Fa-f]{2})")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,8192}={0,2}(?![A-Za-z0-9+/_=-])")
_BASE64_LINES = re.compile(r"(?:^[A-Za-z0-9+/]{60,76}\r?\n){1,200}^[A-Za-z0-9+/]{4,76}={0,2}$", re.MULTILINE)
_READABLE = frozenset(b"\t\r\n" + bytes(range(32, 127)))


@dataclass(frozen=True)
class Piece:
    """A text, and where it stands: in which part of the file, from which line and column.

    ``whole`` says that everything in it stands at that one place, as what was read out of Base64 does.
    """

    text: str
    where: str = ""
    line: int = 1
    column: int = 1
    whole: bool = False

    def at(self, place: int) -> tuple[str, int, int]:
        """Part, line and column of a letter."""
        if self.whole:
            return self.where, self.line, self.column
        before = bisect_left(self._ends, place)
        start = self._ends[before - 1] + 1 if before else 0
        return self.where, self.line + before, place - start + 1 + (0 if before else self.column - 1)

    @cached_property
    def _ends(self) -> list[int]:
        """Where each line ends, found once: there may be many places to tell."""
        return [one.start() for one in _LINE_END.finditer(self.text)]


class Reading:
    """Several pieces as one text, so that they are searched together."""

    def __init__(self, pieces: list[Piece]) -> None:
        self._pieces = pieces
        self._starts: list[int] = []
        start = 0
        for one in pieces:
            self._starts.append(start)
            start += len(one.text) + 1
        self.text = "\n".join(one.text for one in pieces)

    def parts(self) -> Iterator[tuple[str, int, int]]:
        """Each piece: the part of the file that it is (empty for the file itself), where it starts and ends in ``text``."""
        for start, one in zip(self._starts, self._pieces, strict=True):
            yield one.where, start, start + len(one.text)

    def at(self, place: int) -> tuple[str, int, int]:
        """Part, line and column of a letter of ``text``."""
        which = max(0, bisect_right(self._starts, place) - 1)
        return self._pieces[which].at(place - self._starts[which])


def readings(path: str, data: bytes, *, text: bool) -> Iterator[Reading]:
    """Everything in a file, in goes of bounded size. ``text`` is whether its own bytes are a text."""
    waiting: list[Piece] = []
    size = 0
    for piece in _pieces(path, data, text):
        for one in (*_cut(piece), *_joined(piece), *_unescaped(piece), *_out_of_base64(piece)):
            if size and size + len(one.text) > READ_AT_ONCE:
                yield Reading(waiting)
                waiting, size = [], 0
            waiting.append(one)
            size += len(one.text)
    if waiting:
        yield Reading(waiting)


def _pieces(path: str, data: bytes, text: bool) -> Iterator[Piece]:
    if path.lower().endswith(".map") and (sources := _sources(data)):
        yield from sources
    elif text and not _binary(data):
        yield Piece(decoded(data))
    else:
        yield Piece(armoured(data) or _texts_in(data))
        for where, content in unpacked(data):
            yield Piece((armoured(content) or _texts_in(content)) if _binary(content) else decoded(content), where)


def _binary(data: bytes) -> bool:
    """Whether bytes are no text: a zero among the first, and no mark of UTF-16."""
    return b"\0" in data[:8192] and not data.startswith((b"\xff\xfe", b"\xfe\xff"))


def _texts_in(data: bytes) -> str:
    """The runs of readable letters in a program or a picture, in UTF-8 and in UTF-16, each on a line of its own."""
    found = [one[0] for one in _WORDS.finditer(data)]
    found += [one[0][::2] for one in _WIDE.finditer(data)]
    return b"\n".join(found).decode("ascii")


def _sources(data: bytes) -> list[Piece]:
    """The sources of a source map (ECMA-426), each with its own name and lines, and then the rest of the map."""
    try:
        sheet = orjson.loads(data)
        maps = [sheet, *(one["map"] for one in sheet.get("sections", ()))]
        pieces = [
            Piece(content, str(name))
            for one in maps
            for name, content in zip(one.get("sources", ()), one.pop("sourcesContent", None) or (), strict=False)
            if isinstance(content, str)
        ]
        for one in maps:
            one.pop("mappings", None)
        return [*pieces, Piece(orjson.dumps(sheet, option=orjson.OPT_INDENT_2).decode())]
    except (ValueError, AttributeError, TypeError, KeyError):
        return []  # no source map after all: read as the text that it is


def _cut(piece: Piece) -> Iterator[Piece]:
    """A long text in goes that share a little."""
    if len(piece.text) <= READ_AT_ONCE:
        yield piece
        return
    start, line, last = 0, piece.line, 0
    while start < len(piece.text):
        line += piece.text.count("\n", last, start)
        column = start - piece.text.rfind("\n", 0, start)
        yield Piece(piece.text[start : start + READ_AT_ONCE], piece.where, line, column, piece.whole)
        last, start = start, start + READ_AT_ONCE - _OVERLAP


def _joined(piece: Piece) -> Iterator[Piece]:
    """Strings that are put together out of parts, as they are once they are put together."""
    text = piece.text
    run: list[tuple[int, int]] = []
    for match in _JOIN.finditer(text):
        if run and match.start() - run[-1][1] > _BESIDE:
            yield _join(piece, run)
            run = []
        run.append(match.span())
        if len(run) == 1000:
            yield _join(piece, run)
            run = run[-20:]
    if run:
        yield _join(piece, run)


def _join(piece: Piece, run: list[tuple[int, int]]) -> Piece:
    text, last = piece.text, max(0, run[0][0] - _BESIDE)
    where, line, column = piece.at(run[0][0])
    parts = []
    for start, end in run:
        parts.append(text[last:start])
        last = end
    parts.append(text[last : last + _BESIDE])
    return Piece("".join(parts), where, line, column, whole=True)


def _unescaped(piece: Piece) -> Iterator[Piece]:
    r"""Strings that are written as numbers of letters, as they are read: scripts hide ``"sk"`` in ``"\x73\x6b"``."""
    for match in _ESCAPED.finditer(piece.text):
        before = piece.text[max(0, match.start() - _BESIDE) : match.start()]
        letters = "".join(chr(int(one, 16)) for one in _ESCAPE.findall(match[0]))
        after = piece.text[match.end() : match.end() + 1]
        where, line, column = piece.at(match.start())
        yield Piece(f"{before}{letters}{after}", where, line, column, whole=True)


def _out_of_base64(piece: Piece) -> Iterator[Piece]:
    """What Base64 in a text says, where that is a text itself."""
    for form in (_BASE64, _BASE64_LINES):
        for match in form.finditer(piece.text):
            letters = re.sub(r"\s", "", match[0]).rstrip("=").replace("-", "+").replace("_", "/")
            try:
                content = base64.b64decode(letters + "=" * (-len(letters) % 4))
            except (binascii.Error, ValueError):
                continue
            if len(content) >= 16 and _READABLE.issuperset(content):
                where, line, column = piece.at(match.start())
                yield Piece(content.decode("ascii"), where, line, column, whole=True)


# -- archives ----------------------------------------------------------------------------------------------------------


class _Budget:
    """How much may still come out of one file."""

    def __init__(self) -> None:
        self.bytes = UNPACKED_AT_MOST
        self.members = MEMBERS_AT_MOST

    def read(self, stream: IO[bytes]) -> bytes:
        """All of a stream, or as much of it as may still come."""
        chunks = []
        while self.bytes > 0 and (chunk := stream.read(min(_CHUNK, self.bytes))):
            self.bytes -= len(chunk)
            chunks.append(chunk)
        return b"".join(chunks)


_BROKEN = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, OSError, EOFError, RuntimeError, NotImplementedError,
    ValueError, OverflowError, IndexError, KeyError,
)  # fmt: skip
"""What reading an archive raises that is damaged, encrypted, or made to mislead; what came before that is still read."""


def unpacked(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The files in an archive (zip and all that is one, tar, gzip, bzip2, xz) with their names; nothing for other bytes.

    Damaged archives give what can be read of them. Nothing is followed: links, devices and folders are passed over.
    """
    yield from _unpacked(data, "", _Budget(), DEPTH)


def _unpacked(data: bytes, around: str, budget: _Budget, depth: int) -> Iterator[tuple[str, bytes]]:
    if depth == 0:
        return
    for name, content in _members(data, budget):
        where = f"{around}{name}"
        yield where, content
        yield from _unpacked(content, f"{where}: ", budget, depth - 1)


def _members(data: bytes, budget: _Budget) -> Iterator[tuple[str, bytes]]:
    try:
        if data.startswith(_ZIP):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for one in archive.infolist():
                    if one.is_dir() or budget.members == 0:
                        continue
                    budget.members -= 1
                    with archive.open(one) as stream:
                        yield one.filename, budget.read(stream)
        elif data[_TAR_MAGIC] == b"ustar":
            yield from _tar(io.BytesIO(data), budget)
        elif packing := next((name for magic, name in _PACKED.items() if data.startswith(magic)), ""):
            content = _unpack(data, packing, budget)
            if content[_TAR_MAGIC] == b"ustar":
                yield from _tar(io.BytesIO(content), budget)
            else:
                yield "what is packed in it", content
    except _BROKEN:
        return


def _tar(stream: IO[bytes], budget: _Budget) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=stream, mode="r:") as archive:
        for one in archive:
            if budget.members == 0:
                return
            if one.isreg() and (content := archive.extractfile(one)) is not None:
                budget.members -= 1
                yield one.name, budget.read(content)


def _unpack(data: bytes, packing: str, budget: _Budget) -> bytes:
    if packing == "gzip":
        reader = zlib.decompressobj(wbits=31)
        content = reader.decompress(data, budget.bytes)
        budget.bytes -= len(content)
        return content
    with (bz2.BZ2File if packing == "bzip2" else lzma.LZMAFile)(io.BytesIO(data)) as stream:
        return budget.read(stream)
