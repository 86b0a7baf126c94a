"""Whether a value was made by a machine: what tells a key from an identifier, a path or a sentence."""

from __future__ import annotations

import re

_SHORTEST, _SHORTEST_CORE = 16, 12
_BETWEEN = re.compile(r"[^A-Za-z0-9]")
_CHANGES = re.compile(r"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
_CASES = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[a-z])")
_HUMPS = re.compile(r"[A-Z][a-z]{2,}|[a-z]{3,}")
_IN_ORDER = re.compile(r"12345|abcde|qwert|asdf", re.IGNORECASE)
_FEWEST_LETTERS, _FEWEST_CHANGES = 7, 3
_MOSTLY_WORDS = 0.78


def is_random(value: str) -> bool:
    """Whether a machine made a value: letters, digits and cases change often, and it is not made of words."""
    core = _BETWEEN.sub("", value)
    if (
        len(value) < _SHORTEST
        or len(core) < _SHORTEST_CORE
        or len(set(core)) < _FEWEST_LETTERS
        or _IN_ORDER.search(core)
    ):
        return False
    changes = len(_CHANGES.findall(core))
    if core in (core.lower(), core.upper()):
        return changes >= _FEWEST_CHANGES
    words = sum(map(len, _HUMPS.findall(core))) / len(core)
    return words < _MOSTLY_WORDS and changes + len(_CASES.findall(core)) >= len(core) / 4
