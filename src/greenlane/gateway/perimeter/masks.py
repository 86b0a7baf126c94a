"""What stands in a text in place of something that stays here: always the same for the same, and telling nothing of it.

The same value gets the same mask in every call, so that a conversation stays one and a provider's cache of prompts keeps
working. The letters are a keyed digest: a provider that tries all telephone numbers finds none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b

from greenlane.gateway.perimeter.matches import Match

_LETTERS = bytes.maketrans(b"0123456789abcdef", b"bcdfghjkmnpqrstv")
"""Sixteen letters that make neither digits, which would look like a number, nor words."""

MASK = re.compile(r"\[[a-z][a-z0-9-]{0,39}:[bcdfghjkmnpqrstv]{8}\]")
"""What a mask looks like."""


def mask(kind: str, value: str, key: bytes) -> str:
    """The mask of a value of a class."""
    digest = blake2b(f"{kind}\0{value}".encode("utf-8", "surrogatepass"), digest_size=4, key=key).hexdigest()
    return f"[{kind}:{digest.encode().translate(_LETTERS).decode()}]"


def merged(matches: Iterable[Match]) -> list[Match]:
    """Matches from left to right, those that overlap as one of the class that begins first."""
    found: list[Match] = []
    for one in sorted(matches, key=lambda match: (match.start, -match.end)):
        if found and one.start < found[-1].end:
            before = found[-1]
            found[-1] = Match(before.start, max(before.end, one.end), before.kind)
        else:
            found.append(one)
    return found


def masked(text: str, matches: Iterable[Match], key: bytes) -> str:
    """A text with a mask over each match. ``matches`` do not overlap and go from left to right."""
    pieces: list[str] = []
    at = 0
    for one in matches:
        pieces += (text[at : one.start], mask(one.kind, text[one.start : one.end], key))
        at = one.end
    return "".join((*pieces, text[at:]))
