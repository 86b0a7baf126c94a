"""Names for things: short, sortable where order helps, and safe in a host name where they appear in one."""

from __future__ import annotations

import secrets
import time

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
    return f"{prefix}_{_encode(time.time_ns() // 1_000_000, 10)}{_encode(secrets.randbits(80), 16)}"


def label(length: int = 10) -> str:
    """A random DNS-safe label, ``[a-z0-9]{length}``, starting with a letter so that it is never taken for a number."""
    return ALPHABET[10 + secrets.randbelow(22)] + _encode(secrets.randbits(5 * (length - 1)), length - 1)


def token(bits: int = 256) -> str:
    """An unguessable URL-safe string with that many random bits."""
    return secrets.token_urlsafe((bits + 7) // 8)
