"""The form of every secret that lets somebody in: prefix, 256 random bits, checksum.

    glt_ 43 letters and digits of randomness, 6 of checksum

The prefix says what it is, and the checksum lets a scanner (ours, or any that knows this page) tell a real one from a
look-alike without asking anybody. The layout follows GitHub's token format of 2021: base 62, CRC-32 in six digits over
what stands before it ("Behind GitHub's new authentication token formats", github.blog). The checksum is no protection:
the randomness is. As that cannot be guessed, a plain SHA-256 is enough to store.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field
from enum import StrEnum

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_LETTERS = 43  # 62 ** 43 > 2 ** 256
_CHECK_LETTERS = 6  # 62 ** 6 > 2 ** 32


class Kind(StrEnum):
    """What a secret is for, by its prefix."""

    API = "glt"
    INVITATION = "gli"
    LINK = "gll"
    SESSION = "gls"
    PREVIEW = "glp"
    SHARE = "glv"
    GATEWAY = "glk"
    AGENT = "gln"
    DIRECTORY = "gld"
    LOGIN = "glo"


PATTERN = re.compile(rf"\b({'|'.join(Kind)})_[0-9A-Za-z]{{{_RANDOM_LETTERS + _CHECK_LETTERS}}}\b")
"""Finds candidates in a text; ``kind_of`` says which of them are real."""


@dataclass(frozen=True, slots=True)
class Minted:
    """A new secret, once in full, and what may be kept of it: its SHA-256 in hex and the letters people know it by."""

    secret: str = field(repr=False)
    sha256: str
    shown: str


def _base62(number: int, length: int) -> str:
    letters = []
    for _ in range(length):
        number, remainder = divmod(number, 62)
        letters.append(_DIGITS[remainder])
    return "".join(reversed(letters))


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), _CHECK_LETTERS)


def mint(kind: Kind) -> Minted:
    """Make a new secret of a kind."""
    body = f"{kind}_{_base62(secrets.randbits(256), _RANDOM_LETTERS)}"
    secret = body + _checksum(body)
    return Minted(secret, sha256(secret), secret[:8])


def kind_of(text: str) -> Kind | None:
    """What a text is, judged offline by its form and checksum; None for anything that this program never made."""
    if PATTERN.fullmatch(text) is None:
        return None
    body, check = text[:-_CHECK_LETTERS], text[-_CHECK_LETTERS:]
    return Kind(text[:3]) if secrets.compare_digest(_checksum(body), check) else None


def sha256(secret: str) -> str:
    """What the tables and the edge know a secret by: 64 hexadecimal letters."""
    return hashlib.sha256(secret.encode()).hexdigest()
