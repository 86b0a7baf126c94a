"""From an uploaded file to a bundle: archive or single page, recognised by its content, member by member.

Nothing is ever laid out on disk under a name that an archive chose. Contents go straight into the content-addressed
store, so there is no outside to write to; names are checked all the same, since a bundle travels to other systems.
"""

from __future__ import annotations

import bz2
import codecs
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from greenlane.deploys import variables
from greenlane.deploys.bundle import Bundle, FileEntry, file_too_large, nothing_left, too_many, too_much
from greenlane.deploys.kinds import media_type_of
from greenlane.deploys.limits import DEFAULT_LIMITS, Limits
from greenlane.deploys.member import CHUNK, Member, Meter, cut_short, damaged
from greenlane.deploys.paths import Names, check_path
from greenlane.deploys.set_aside import SYSTEM_NOTES, SetAside, set_aside, set_aside_by_content
from greenlane.deploys.tar_archive import BLOCK, looks_like_tar, read_tar
from greenlane.deploys.zip_archive import ends_like_zip, read_zip
from greenlane.govern.errors import WrongInput
from greenlane.kit.blobs import Blobs
from greenlane.kit.text import shown

_PAGE = re.compile(
    r"<(?:!doctype\s+html|html|head|body|meta|title|link|div|main|section|article|header|nav|h[1-6]|p|script|style|form"
    r"|table|ul)(?![a-z0-9-])",
    re.IGNORECASE,
)
_OTHERS = {
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"%PDF-": "a PDF document",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"\x7fELF": "a program",
    b"MZ": "a program",
}
_LONGEST_MARK = b"\xfd7zXZ\x00"
_VARIABLES_AT_MOST = 256 * 1024


def unpack(archive: Path, name: str, into: Blobs, limits: Limits = DEFAULT_LIMITS) -> Bundle:
    """Read an uploaded file into the store and return its bundle. ``name`` is what the person called it.

    Takes .zip, .tar, .tar.gz, .tar.bz2, .tar.xz and a single HTML page. Raises ``WrongInput`` for anything unsafe,
    damaged or unknown, ``TooLarge`` beyond the limits, ``StorageFull`` when there is no room. After an error the store
    may hold contents that nothing refers to; no bundle exists.
    """
    with archive.open("rb") as file:
        start = file.read(BLOCK)
        file.seek(0)
        if not start:
            raise nothing_left(some_set_aside=False)
        meter = Meter(archive.stat().st_size, limits)
        if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return _gather(read_zip(file, meter), into, limits)
        if packing := _packing(start):
            stream: _Stream = _Unpacked(file, packing, meter)
            return _gather(read_tar(stream, meter), into, limits)
        if looks_like_tar(start):
            return _gather(read_tar(file, meter), into, limits)
        return _page(file, name, into, limits)


def _packing(start: bytes) -> Callable[[], _Decompressor] | None:
    """How a stream is packed, by its first bytes."""
    if start.startswith(b"\x1f\x8b"):
        return _Gzip
    if start.startswith(b"BZh"):
        return bz2.BZ2Decompressor
    if start.startswith(_LONGEST_MARK):
        return lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=128 * 1024 * 1024)
    return None


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Decompressor(Protocol):
    """What bz2 and lzma have in common; ``_Gzip`` follows it."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """zlib's decompressor with the manners of the other two: bounded output, and it remembers what is left over."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self._waiting = b""

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._waiting and not self.eof

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        out = self._inner.decompress(self._waiting + data, max(max_length, 0))
        self._waiting = self._inner.unconsumed_tail
        return out


class _Unpacked:
    """The bytes inside a packed stream, a bounded piece at a time, each of them counted."""

    def __init__(self, file: BinaryIO, new: Callable[[], _Decompressor], meter: Meter) -> None:
        self._file = file
        self._new = new
        self._meter = meter
        self._inner = new()
        self._ready = bytearray()
        self._done = False

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; fewer only at the end."""
        while len(self._ready) < size and not self._done:
            piece = self._more()
            self._meter.count(len(piece))
            self._ready += piece
        piece = bytes(self._ready[:size])
        del self._ready[:size]
        return piece

    def _more(self) -> bytes:
        try:
            if self._inner.eof:
                return self._follow()
            data = self._file.read(CHUNK) if self._inner.needs_input else b""
            if not data and self._inner.needs_input:
                raise cut_short()
            return self._inner.decompress(data, CHUNK)
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
            raise damaged("Its compressed data cannot be read.", str(error)) from error

    def _follow(self) -> bytes:
        """What comes after the end of a packed stream: zeros, one more stream, or something that has no place there."""
        rest = self._inner.unused_data
        if len(rest) < len(_LONGEST_MARK):
            rest += self._file.read(CHUNK)
        while rest and not rest.strip(b"\0"):
            rest = self._file.read(CHUNK)
        if not rest:
            self._done = True
            return b""
        if not _packing(rest):
            raise damaged("There is more data after its end.")
        self._inner = self._new()
        return self._inner.decompress(rest, CHUNK)


def _gather(members: Iterator[Member], into: Blobs, limits: Limits) -> Bundle:
    """Take the members one by one, each checked, counted and stored under its digest."""
    names = Names()
    kept: dict[str, FileEntry] = {}
    aside: dict[str, SetAside] = {}
    offered: dict[str, str] = {}
    total = 0
    for number, member in enumerate(members, start=1):
        if number > limits.members:
            raise too_many(limits.members)
        path = check_path(member.name, limits)
        if member.folder and member.wrong is None:
            continue
        if not path:
            raise WrongInput(f"{shown(member.name)} is a file without a name.", next_step="Pack the folder again.")
        names.add(path)
        if why := set_aside(path):
            aside[why.path] = why
            if (
                member.wrong is None
                and variables.holds_variables(path.rpartition("/")[2])
                and member.size <= _VARIABLES_AT_MOST
            ):
                offered[path] = _content(member, path, limits).decode("utf-8", "replace")
            continue
        if member.wrong is not None:
            raise member.wrong
        content = _content(member, path, limits)
        total += len(content)
        if total > limits.total:
            raise too_much(limits.total)
        if why := set_aside_by_content(path, content):
            aside[why.path] = why
            continue
        if len(kept) == limits.files:
            raise too_many(limits.files)
        kept[path] = FileEntry(into.put(content), len(content), media_type_of(path))
    if not kept:
        raise nothing_left(bool(aside))
    top = _top_folder([*kept, *(path for path, one in aside.items() if one.why != SYSTEM_NOTES)])
    return Bundle(
        files={path.removeprefix(top): kept[path] for path in sorted(kept)},
        set_aside=tuple(SetAside(path.removeprefix(top) or path, aside[path].why) for path in sorted(aside)),
        variables=variables.merge(
            {inside: text for path, text in offered.items() if "/" not in (inside := path.removeprefix(top))}
        ),
        top_folder=top.removesuffix("/"),
    )


def _content(member: Member, path: str, limits: Limits) -> bytes:
    if member.size > limits.file:
        raise file_too_large(path, limits)
    content = bytearray()
    for chunk in member.chunks:
        content += chunk
        if len(content) > limits.file:
            raise file_too_large(path, limits)
    return bytes(content)


def _top_folder(paths: list[str]) -> str:
    """The one folder, with its `/`, that everything lies in; empty when there is none. One level, never more."""
    first = paths[0].partition("/")
    top = first[0] + first[1]
    return top if first[1] and all(path.startswith(top) for path in paths) else ""


def _page(file: BinaryIO, name: str, into: Blobs, limits: Limits) -> Bundle:
    """A single HTML file becomes `index.html`."""
    start = file.read(64 * 1024)
    for mark, kind in _OTHERS.items():
        if start.startswith(mark):
            raise _unknown(name, f"is {kind}")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise WrongInput(f"{shown(name)} is written in UTF-16.", next_step="Save it as UTF-8 and deploy it again.")
    if not _begins_as_page(start.decode("utf-8", "replace").removeprefix("\ufeff")):
        if ends_like_zip(file):
            raise damaged("It is a zip archive with other data in front of it.")
        raise _unknown(name, "is neither an archive nor an HTML page")
    content = bytearray(start)
    while chunk := file.read(CHUNK):
        content += chunk
        if len(content) > limits.file:
            raise file_too_large(name, limits)
    if b"\0" in content:
        raise _unknown(name, "begins like an HTML page but holds other data")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise WrongInput(
            f"{shown(name)} is not written in UTF-8.", next_step="Save it as UTF-8.", detail=str(error)
        ) from error
    return Bundle({"index.html": FileEntry(into.put(bytes(content)), len(content), media_type_of("index.html"))})


def _begins_as_page(text: str) -> bool:
    """Whether the first thing that is no comment and no declaration is a tag of a page."""
    text = text.lstrip()
    while text.startswith(("<!--", "<?xml")):
        text = text.partition("-->" if text.startswith("<!--") else "?>")[2].lstrip()
    return _PAGE.match(text) is not None


def _unknown(name: str, why: str) -> WrongInput:
    return WrongInput(
        f"{shown(name)} {why}.", next_step="Deploy a folder, a .zip, a .tar, a .tar.gz or a single HTML file."
    )
