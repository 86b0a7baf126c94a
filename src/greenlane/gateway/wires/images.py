"""The size in pixels of an inlined image, from the first bytes of its base64."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode

_LOOKED_AT = 64 * 1024
"""Characters of base64 that are decoded: a JPEG's size stands behind its thumbnails."""
_JPEG_SIZE = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)))
_DATA_URL = re.compile(r"data:([^;,]*)[^,]*,", re.IGNORECASE)


def size(data: str) -> tuple[int, int] | tuple[None, None]:
    """Width and height of a PNG, GIF, WebP or JPEG; None and None for anything else.

    Formats: PNG (ISO 15948) 11.2.2, GIF89a 18, WebP (RFC 9649) 2.5 to 2.7, JPEG (ITU T.81) B.2.2.
    """
    start = data[:_LOOKED_AT]
    try:
        head = b64decode(start[: len(start) // 4 * 4])
    except (binascii.Error, ValueError):
        return None, None
    if head.startswith(b"\x89PNG\r\n\x1a\n") and len(head) >= 24:
        return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])
    if head[:6] in (b"GIF87a", b"GIF89a") and len(head) >= 10:
        return int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP" and len(head) >= 30:
        return _webp(head)
    if head.startswith(b"\xff\xd8"):
        return _jpeg(head)
    return None, None


def _webp(head: bytes) -> tuple[int, int] | tuple[None, None]:
    kind = head[12:16]
    if kind == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF
    return None, None


def _jpeg(head: bytes) -> tuple[int, int] | tuple[None, None]:
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        mark = head[at + 1]
        if mark in _JPEG_SIZE:
            return int.from_bytes(head[at + 7 : at + 9]), int.from_bytes(head[at + 5 : at + 7])
        at += 1 if mark == 0xFF else 2 + int.from_bytes(head[at + 2 : at + 4])
    return None, None


def decoded_length(data: str) -> int:
    """How many bytes a base64 text stands for."""
    return len(data) * 3 // 4 - data.count("=", max(0, len(data) - 2))


def of_data_url(url: str) -> tuple[str, str] | None:
    """Media type and base64 of a ``data:`` URL; None for a URL of another kind."""
    match = _DATA_URL.match(url)
    return (match[1], url[match.end() :]) if match else None
