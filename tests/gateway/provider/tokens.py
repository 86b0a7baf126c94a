"""How the stand-in counts: whole pieces of text, none of them empty, so that no text has more tokens than bytes."""

from __future__ import annotations

import re
from base64 import b64decode

_PIECE = re.compile(r" ?\w{1,4}| ?[^\w\s]|\s", re.DOTALL)


def pieces(text: str) -> list[str]:
    """The tokens of a text; together they are the text."""
    return _PIECE.findall(text)


def count(text: str) -> int:
    return len(pieces(text))


def size_of(data: str) -> tuple[int, int]:
    """Pixels of a PNG in base64; of anything else, what a telephone sends."""
    head = b64decode(data[:64] + "=" * (-len(data[:64]) % 4))
    if head.startswith(b"\x89PNG"):
        return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])
    return 1024, 768


def picture(family: str, data: str) -> int:
    """Tokens of a picture, by the providers' own words (``greenlane.gateway.pictures`` names the pages)."""
    wide, high = size_of(data)
    if family == "anthropic":
        return min(-(-wide // 28) * -(-high // 28), 1_568)
    if family == "openai":
        return 85 + 170 * min(-(-wide // 512) * -(-high // 512), 8)
    return 258 if max(wide, high) <= 384 else 258 * -(-wide // 768) * -(-high // 768)
