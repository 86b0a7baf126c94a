"""An organisation's own patterns, in RE2's language: whatever is written, the time grows with the text alone.

All patterns are looked for in one walk over all texts of a request; only those that were met are looked for one by one.
``^`` and ``$`` stand for the beginning and the end of a line. Language: https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import re2

from greenlane.gateway.perimeter.matches import Match
from greenlane.kit.errors import GreenlaneError

LONGEST = 1000
"""Letters of the longest pattern."""
MOST = 200
"""Patterns of an organisation."""
_MEMORY = 4 * 1024 * 1024
"""Bytes that one compiled pattern may take; RE2 refuses what needs more."""


class NotAPattern(GreenlaneError):
    """A pattern that RE2 does not take, or one that would be found everywhere."""

    code: ClassVar[str] = "not-a-pattern"
    status: ClassVar[int] = 422
    exit_code: ClassVar[int] = 2


def check(pattern: str) -> None:
    """Raises ``NotAPattern`` for what cannot be looked for."""
    if len(pattern) > LONGEST:
        raise NotAPattern(f"A pattern has at most {LONGEST} letters.", next_step="Make two of it.")
    try:
        compiled = re2.compile(f"(?m:{pattern})", _options())
    except re2.error as error:
        why = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise NotAPattern(
            f"This is no pattern: {why}.", next_step="Patterns are RE2's: no look-around, no references back."
        ) from None
    if compiled.search("") is not None:
        raise NotAPattern("This pattern is found in an empty text.", next_step="Say what must be there.")


class Patterns:
    """Own patterns, each of one class."""

    def __init__(self, patterns: Mapping[str, str]) -> None:
        options = _options()
        self._names = tuple(patterns)
        self._compiled = {name: re2.compile(f"(?m:{one})", options) for name, one in patterns.items()}
        self._together = re2.Set.SearchSet(_options(max(1, len(patterns))))
        for one in patterns.values():
            self._together.Add(f"(?m:{one})")
        if patterns:
            self._together.Compile()

    @classmethod
    def read(cls, table: Mapping[str, Mapping[str, Any]], wanted: frozenset[str]) -> Patterns:
        """The ``patterns`` section of the table, those classes of it for which there is a rule."""
        return cls({name: one["pattern"] for name, one in table.items() if name in wanted})

    def __bool__(self) -> bool:
        return bool(self._names)

    def met(self, text: str) -> bool:
        """Whether any of them is in a text."""
        return bool(self._names) and bool(self._together.Match(text))

    def find(self, text: str) -> Iterator[Match]:
        """Where they are, pattern by pattern; empty matches are none."""
        if not self._names:
            return
        for which in self._together.Match(text) or ():
            name = self._names[which]
            for found in self._compiled[name].finditer(text):
                if found.start() < found.end():
                    yield Match(found.start(), found.end(), name)


def _options(patterns: int = 1) -> Any:
    options = re2.Options()
    options.max_mem = patterns * _MEMORY
    options.log_errors = False
    return options
