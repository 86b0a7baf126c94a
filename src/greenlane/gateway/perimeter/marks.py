"""The platform's own secrets, known by keyed marks of their pieces: found in a prompt by who does not have them.

Control makes the marks (``marks_of``) of every value that it keeps and hands them over with the table. A *piece* is a run
of letters, digits, ``_`` and ``-``; a piece tells when it is long and no plain word, so a connection string is known by
its password, and a key in PEM by any of its lines. A value whose pieces are all short is known as a whole, between blanks
and quotes. A value made of everyday words alone has no marks. Marks are 64 bits of BLAKE2b (RFC 7693) under a key of the
installation: they tell nobody a value, and a text that holds none of 10,000 by chance does so once in a hundred million
millions of pieces.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from urllib.parse import quote

from greenlane.gateway.perimeter.classes import SECRET
from greenlane.gateway.perimeter.matches import Match

SHORTEST = 8
"""Letters of the shortest piece that tells."""

_LONG_WORD = 20
"""From here on a run of letters alone is no word of any language that prompts are written in."""

_PIECE = re.compile(rf"[\w-]{{{SHORTEST},}}", re.ASCII)
_WHOLE = re.compile(rf"[^\s\"'`<>]{{{SHORTEST},}}")
_AROUND = "([{.,;:!?)]}"
_BYTES = 8


def mark(piece: str, key: bytes) -> str:
    """The mark of one piece, 16 hexadecimal digits."""
    return blake2b(piece.encode("utf-8", "surrogatepass"), digest_size=_BYTES, key=key).hexdigest()


def marks_of(value: str, key: bytes) -> frozenset[str]:
    """The marks of a value as it is and as it is usually written down: Base64, hexadecimal, percent-encoded."""
    if not _telling(value):
        return frozenset()
    raw = value.encode("utf-8", "surrogatepass")
    forms = {value, raw.hex(), raw.hex().upper(), quote(value, safe="", errors="replace")}
    forms |= {base64.b64encode(raw).decode().rstrip("="), base64.urlsafe_b64encode(raw).decode().rstrip("=")}
    return frozenset(mark(one, key) for form in forms for one in _telling(form))


def _telling(form: str) -> set[str]:
    """What a written value is known by: its pieces that tell, or all of it where none does."""
    return {one for one in _PIECE.findall(form) if _tells(one)} or {
        one for one in (form,) if _WHOLE.fullmatch(one) and _tells(one)
    }


class Marks:
    """Finds what has a mark. ``key`` is the one under which the marks were made."""

    def __init__(self, known: Iterable[str], key: bytes) -> None:
        self._known = frozenset(bytes.fromhex(one) for one in known)
        self._keyed = blake2b(digest_size=_BYTES, key=key) if self._known else None

    def __bool__(self) -> bool:
        return bool(self._known)

    def may_hold(self, text: str) -> bool:
        """Whether a text holds a marked piece somewhere."""
        return any(
            next(self.find(word), None) is not None
            for word in text.split()
            if len(word) >= SHORTEST and _tells(word.strip(_AROUND))
        )

    def find(self, text: str) -> Iterator[Match]:
        """Where marked pieces stand, from left to right; a whole value before a piece of it."""
        for word in _WHOLE.finditer(text):
            if not _tells(word[0].strip(_AROUND)):
                continue
            whole = next((one for one in _wholes(word[0]) if self._is_known(one)), None)
            if whole is not None:
                start = word.start() + word[0].index(whole)
                yield Match(start, start + len(whole), SECRET)
                continue
            for piece in _PIECE.finditer(text, word.start(), word.end()):
                if _tells(piece[0]) and self._is_known(piece[0]):
                    yield Match(piece.start(), piece.end(), SECRET)

    def _is_known(self, piece: str) -> bool:
        if self._keyed is None:
            return False
        keyed = self._keyed.copy()
        keyed.update(piece.encode("utf-8", "surrogatepass"))
        return keyed.digest() in self._known


def _wholes(word: str) -> Iterator[str]:
    """What could be a whole value in a word: all of it, without the signs around it, behind a name that it is given to."""
    bare = word.strip(_AROUND)
    given = bare[max(bare.find("="), bare.find(":")) + 1 :]
    for one in dict.fromkeys((word, bare, given)):
        if _tells(one) and not _PIECE.fullmatch(one):
            yield one


def _tells(piece: str) -> bool:
    """Whether a piece is no plain word: long, or with digits, signs or capitals inside."""
    if len(piece) < SHORTEST:
        return False
    plain = piece.isalpha() and (piece.islower() or piece.istitle() or piece.isupper())
    return not plain or len(piece) >= _LONG_WORD
