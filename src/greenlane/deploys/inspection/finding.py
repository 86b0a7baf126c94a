"""One thing found in a file, told without telling it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

Weight = Literal["leaked", "random", "public"]
"""leaked: a credential of a named kind; random: merely looks like one; public: its vendor publishes it as public."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What was found, by kind and line (from 1), with a hint that lets its owner recognise it. Never the value.

    ``column`` counts letters from 1, and 0 is unknown. ``where`` names the part of the file that has the line: a source
    in a source map, a file in an archive; it is empty for the file itself. ``mark`` tells two values apart and names
    none: it is what a false alarm is bound to.
    """

    weight: Weight
    kind: str
    line: int
    hint: str
    column: int = 0
    where: str = ""
    mark: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON values."""
        return {
            "weight": self.weight,
            "kind": self.kind,
            "line": self.line,
            "hint": self.hint,
            "column": self.column,
            "where": self.where,
            "mark": self.mark,
        }


def hint(value: str) -> str:
    """A masked form: at most four characters of the beginning and never more than an eighth, then the length."""
    shown = value[: min(4, len(value) // 8)]
    letters = "".join(letter for letter in shown if letter.isascii() and letter.isprintable())
    return f"{letters}… ({len(value)} characters)"


def mark_of(value: str, key: bytes) -> str:
    """The mark of a value under this installation's key (BLAKE2b, RFC 7693), so that nobody can try values out on it."""
    return hashlib.blake2b(value.encode("utf-8", "surrogatepass"), key=key, digest_size=10).hexdigest()
