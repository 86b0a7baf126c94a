"""Whether a value was made by a machine: what tells a key from an identifier, a path or a sentence."""

from __future__ import annotations

import re

SHORTEST = 16
_BETWEEN = re.compile(r"[^A-Za-z0-9]+")
_CHANGES = re.compile(r"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
_CASES = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[a-z])")
_HUMPS = re.compile(r"[A-Z][a-z]{2,}|[a-z]{3,}")
_IN_ORDER = re.compile(r"^(?:1234|abcd)|12345|abcde|qwert|asdf", re.IGNORECASE)
_FILE = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|[cm]?[jt]sx?|css|json|html?|md|py|ya?ml|txt|pem|woff2?)\b", re.IGNORECASE
)
_FEWEST_LETTERS, _FEWEST_CHANGES = 7, 3
_FEW_PARTS, _SHORTEST_PART = 4, 11
"""Parts of a value that has hardly any signs in it, and letters of the longest one of those: a UUID's has twelve."""
_SIGNS = 32
"""Letters from which a value may consist of signs as much as it likes."""
_MOSTLY_WORDS = 0.75


def is_random(value: str, shortest: int = SHORTEST) -> bool:
    """Whether a machine made a value: letters, digits and cases change often, and it is not made of words.

    ``shortest`` is how many letters and digits it has at least, unless it is long and full of signs.
    """
    parts = _BETWEEN.split(value)
    core = "".join(parts)
    if len(core) < shortest and len(value) < _SIGNS:
        return False
    if len(parts) <= _FEW_PARTS and max(map(len, parts)) < _SHORTEST_PART:
        return False
    if len(set(core)) < _FEWEST_LETTERS or _IN_ORDER.search(core) or _FILE.search(value):
        return False
    changes = len(_CHANGES.findall(core))
    if core in (core.lower(), core.upper()):
        return changes >= _FEWEST_CHANGES
    words = sum(map(len, _HUMPS.findall(core))) / len(core)
    return words < _MOSTLY_WORDS and changes + len(_CASES.findall(core)) >= len(core) / 4
