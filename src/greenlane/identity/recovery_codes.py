"""Recovery codes: made to be written down, each good for one sign-in when everything else is lost.

    7k2mq-x9f4t-hb3vn-5rwcz

Twenty letters of Crockford's base 32 are 100 random bits, so nobody is asked for a name beside one, and a plain SHA-256
is enough to store. How somebody copies it does not matter: capitals, spaces, and the letters that look like digits are
understood (Crockford, "Base 32 Encoding", crockford.com/base32.html).
"""

from __future__ import annotations

import re
import secrets

from greenlane.identity import tokens
from greenlane.kit.ids import ALPHABET

HOW_MANY = 10
"""Codes that are made at once; making new ones ends the old ones."""

_LETTERS = 20
_ALIKE = str.maketrans("oil", "011")
_APART = re.compile(r"[\s-]+")


def new() -> str:
    """A code as it is shown, once."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(_LETTERS))
    return "-".join(letters[at : at + 5] for at in range(0, _LETTERS, 5))


def read(typed: str) -> str | None:
    """The code in what somebody typed, as it was shown; None for what cannot be one."""
    letters = _APART.sub("", typed.lower()).translate(_ALIKE)
    if len(letters) != _LETTERS or not set(letters) <= set(ALPHABET):
        return None
    return "-".join(letters[at : at + 5] for at in range(0, _LETTERS, 5))


def sha256(code: str) -> str:
    """What the table knows a code by."""
    return tokens.sha256(code)
