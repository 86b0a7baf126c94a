"""E-mail addresses, found from their sign: a text without one costs one look.

Lengths are those of RFC 5321, section 4.5.3.1. ``git@`` names no person but a way to a repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from greenlane.gateway.perimeter.classes import EMAIL
from greenlane.gateway.perimeter.matches import Match

_LOCAL_BACKWARDS = re.compile(r"[\w.%+'-]{1,64}")
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?:[^\W\d_]{2,24}|xn--[a-zA-Z0-9-]{2,59})(?![\w-])")
_NOBODY = frozenset(("git",))


def emails(text: str) -> Iterator[Match]:
    """Every address in a text, from left to right."""
    at = text.find("@")
    before = 0
    while at >= 0:
        local = _LOCAL_BACKWARDS.match(text[max(before, at - 64) : at][::-1])
        domain = _DOMAIN.match(text, at + 1) if local else None
        if local and domain:
            name = local[0][::-1].lstrip(".'-")
            if name and name.lower() not in _NOBODY:
                yield Match(at - len(name), domain.end(), EMAIL)
                before = domain.end()
        at = text.find("@", at + 1)
