"""From the path in an address to a file of a deploy: clean addresses, folders, and nothing outside."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from greenlane.runtime.fallback import FALLBACK

_CHARSET = frozenset(
    {"application/javascript", "application/json", "application/manifest+json", "application/xml", "image/svg+xml"}
)
_COMPRESSIBLE = _CHARSET | {"application/wasm", "application/ld+json", "application/rss+xml", "font/ttf", "font/otf"}
_WORTH_COMPRESSING = 512
_LARGEST_COMPRESSED = 8 * 1024 * 1024
_LARGEST_IN_MEMORY = 1024 * 1024
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/")
_HEX = frozenset(b"0123456789abcdefABCDEF")


@dataclass(slots=True, eq=False)
class File:
    """One file of a deploy. ``digest`` is ``sha256:…``, ``size`` in bytes, ``type`` a Content-Type with its charset."""

    path: str
    digest: str
    size: int
    type: bytes
    page: bool = field(init=False)
    """People see it as a page."""
    compressible: bool = field(init=False)
    """It is worth sending compressed."""
    in_memory: bool = field(init=False)
    """It is served from memory rather than from the disk."""

    def __post_init__(self) -> None:
        kind = self.type.partition(b";")[0].decode("ascii")
        worth_it = _WORTH_COMPRESSING <= self.size <= _LARGEST_COMPRESSED
        self.page = kind == "text/html"
        self.compressible = worth_it and (kind.startswith("text/") or kind in _COMPRESSIBLE)
        self.in_memory = self.size <= _LARGEST_IN_MEMORY or self.compressible


@dataclass(frozen=True, slots=True)
class Moved:
    """The same thing has another address: a folder without its final slash."""

    path: str


Manifest = Mapping[str, File]
"""A deploy's files by their path."""


class BadPath(ValueError):
    """A path that no browser would send: broken escapes, dot segments, control characters."""


def manifest(raw: Mapping[str, Any]) -> Manifest:
    """Read a manifest blob's JSON. KeyError or TypeError when it is not one."""
    return {
        path: File(path, "sha256:" + entry["sha256"].removeprefix("sha256:"), entry["size"], _type(path, entry))
        for path, entry in raw["files"].items()
    }


def _type(path: str, entry: Mapping[str, Any]) -> bytes:
    kind = entry.get("type") or mimetypes.guess_type(path, strict=False)[0] or "application/octet-stream"
    if not kind.isascii() or not kind.isprintable():
        kind = "application/octet-stream"
    if kind == "text/javascript" or ((kind.startswith("text/") or kind in _CHARSET) and "charset" not in kind):
        kind += "; charset=utf-8"
    return kind.encode("ascii")


def decode(path: bytes) -> str:
    """The path that percent-encoding stands for (RFC 3986), without its first slash. Raises ``BadPath``."""
    if not _PLAIN.issuperset(path):
        for position, letter in enumerate(path):
            if letter == 0x25 and not (
                len(path) > position + 2 and path[position + 1] in _HEX and path[position + 2] in _HEX
            ):
                raise BadPath
        decoded = unquote_to_bytes(path)
        if decoded.count(b"/") != path.count(b"/"):
            raise BadPath
        path = decoded
    try:
        text = path.decode("utf-8")
    except UnicodeDecodeError:
        raise BadPath from None
    if b"/." in path and any(segment in (".", "..") for segment in text.split("/")):
        raise BadPath
    if "\\" in text or (not text.isprintable() and any(ord(letter) < 32 or ord(letter) == 127 for letter in text)):
        raise BadPath
    return text[1:]


def otherwise(files: Manifest, path: bytes) -> tuple[File | None, int]:
    """What answers at an address without a file, and with which status. A name with an ending was meant as a file."""
    if (home := files.get(FALLBACK)) is not None and b"." not in path.rpartition(b"/")[2]:
        return home, 200
    return files.get("404.html"), 404


def find(files: Manifest, path: bytes) -> File | Moved | None:
    """The file at a path: itself, a folder's ``index.html``, or the page without its ``.html``. Raises ``BadPath``."""
    name = decode(path)
    if not name or name.endswith("/"):
        return files.get(name + "index.html")
    found = files.get(name) or files.get(name + ".html")
    if found is None and name + "/index.html" in files:
        return Moved("/" + quote(name, safe="/-._~!$&'()*+,;=:@") + "/")
    return found


def stands(files: Manifest, path: bytes) -> bool:
    """Whether a file is at an address, or another address that leads to one."""
    try:
        return find(files, path) is not None
    except BadPath:
        return False
