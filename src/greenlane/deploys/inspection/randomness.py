"""Whether a value was made by a machine: what tells a key from an identifier, a path or a sentence."""

from __future__ import annotations

import re

SHORTEST = 16
_SIGNS = re.compile(r"[^A-Za-z0-9]+")
_CHANGES = re.compile(r"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
"""From letters to digits and back."""
_CASES = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[a-z])")
_WORDS = re.compile(r"[A-Z][a-z]{2,}|[a-z]{3,}")
"""What could be words: chance makes few that long."""
_NO_WORD = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}|[bcdfghjklmnpqrstvwxz]{4}\Z", re.IGNORECASE)
"""Consonants that stand together in hardly any word."""
_IN_ORDER = re.compile(r"^(?:1234|abcd)|12345|abcde|qwert|asdf", re.IGNORECASE)
_FILE = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|[cm]?[jt]sx?|css|json|html?|md|py|ya?ml|txt|pem|woff2?)\b", re.IGNORECASE
)
_FEWEST_LETTERS, _FEWEST_CHANGES = 7, 3
_FEW_PARTS, _SHORTEST_PART = 4, 11
"""Parts of a value that has hardly any signs in it, and letters of the longest one of those: a UUID's has twelve."""
_FULL_OF_SIGNS = 32
"""Letters from which a value may consist of signs as much as it likes."""
_MOSTLY_WORDS = 0.75
_CHANGES_EACH = 4
"""Letters in which a machine's value changes once at least, in both cases."""


def is_random(value: str, shortest: int = SHORTEST) -> bool:
    """Whether a machine made a value: letters, digits and cases change often, and it is not made of words.

    ``shortest`` is how many letters and digits it has at least, unless it is long and full of signs.
    """
    parts = _SIGNS.split(value)
    core = "".join(parts)
    if len(core) < shortest and len(value) < _FULL_OF_SIGNS:
        return False
    one_case = core in (core.lower(), core.upper())
    if one_case and len(parts) <= _FEW_PARTS and max(map(len, parts)) < _SHORTEST_PART:
        return False
    if len(set(core)) < _FEWEST_LETTERS or _IN_ORDER.search(core) or _FILE.search(value):
        return False
    if one_case:
        return len(_CHANGES.findall(core)) >= _FEWEST_CHANGES
    return is_restless(core)


def is_restless(value: str) -> bool:
    """Whether a value in both cases changes often between them and digits, and is not mostly words."""
    core = _SIGNS.sub("", value)
    words = sum(len(one) for one in _WORDS.findall(value) if not _NO_WORD.search(one))
    changes = len(_CHANGES.findall(core)) + len(_CASES.findall(core))
    return words < _MOSTLY_WORDS * len(core) and changes >= len(core) / _CHANGES_EACH
