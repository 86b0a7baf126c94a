"""Names for things: short, sortable where order helps, and safe in a host name where they appear in one."""

from __future__ import annotations

import os
import secrets
import time
from struct import Struct

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case: no i, l, o, u, so that an id survives being read aloud."""


def _encode(number: int, length: int) -> str:
    letters = []
    for _ in range(length):
        number, remainder = divmod(number, 32)
        letters.append(ALPHABET[remainder])
    return "".join(reversed(letters))


def new(prefix: str) -> str:
    """A new id such as ``act_01h2xk…``: 48 bits of milliseconds, 80 random bits, 26 letters, sorted by time."""
    now, of = time.time_ns() // 1_000_000, _PAIRS
    a, b, c, d, e = _FIVE(os.urandom(10))
    return (
        f"{prefix}_{of[now >> 40]}{of[now >> 30 & 1023]}{of[now >> 20 & 1023]}{of[now >> 10 & 1023]}{of[now & 1023]}"
        f"{of[a >> 6]}{of[(a & 63) << 4 | b >> 12]}{of[b >> 2 & 1023]}{of[(b & 3) << 8 | c >> 8]}"
        f"{of[(c & 255) << 2 | d >> 14]}{of[d >> 4 & 1023]}{of[(d & 15) << 6 | e >> 10]}{of[e & 1023]}"
    )


_PAIRS = tuple(one + other for one in ALPHABET for other in ALPHABET)
"""Two letters for each ten bits: ids are made for every call."""
_FIVE = Struct(">5H").unpack


def label(length: int = 10) -> str:
    """A random DNS-safe label, ``[a-z0-9]{length}``, starting with a letter so that it is never taken for a number."""
    return ALPHABET[10 + secrets.randbelow(22)] + _encode(secrets.randbits(5 * (length - 1)), length - 1)


def token(bits: int = 256) -> str:
    """An unguessable URL-safe string with that many random bits."""
    return secrets.token_urlsafe((bits + 7) // 8)
