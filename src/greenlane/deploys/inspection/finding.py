"""One thing found in a file, told without telling it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Weight = Literal["leaked", "random", "public"]
"""leaked: a credential of a named kind; random: merely looks like one; public: its vendor publishes it as public."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What was found, by kind and line (from 1), with a hint that lets its owner recognise it. Never the value."""

    weight: Weight
    kind: str
    line: int
    hint: str

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON values."""
        return {"weight": self.weight, "kind": self.kind, "line": self.line, "hint": self.hint}


def hint(value: str) -> str:
    """A masked form: at most four characters of the beginning and never more than an eighth, then the length."""
    shown = value[: min(4, len(value) // 8)]
    letters = "".join(letter for letter in shown if letter.isascii() and letter.isprintable())
    return f"{letters}… ({len(value)} characters)"
