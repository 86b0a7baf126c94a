"""Looking at texts: one walk that tells whether there is anything to look at, and a closer look where there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from greenlane.gateway.perimeter.addresses import emails
from greenlane.gateway.perimeter.classes import EMAIL, NATIONAL_ID, NUMBERS, PHONE, SECRET, Rules
from greenlane.gateway.perimeter.marks import Marks
from greenlane.gateway.perimeter.masks import MASK
from greenlane.gateway.perimeter.matches import Match
from greenlane.gateway.perimeter.numbers import SPOT, Numbers
from greenlane.gateway.perimeter.patterns import Patterns


class Detector:
    """Finds the classes of data that there are rules for."""

    def __init__(
        self,
        rules: Rules,
        wanted: Iterable[str],
        patterns: Mapping[str, Mapping[str, Any]],
        marks: Iterable[str],
        key: bytes,
    ) -> None:
        """``wanted`` are the classes to look for; ``key`` is the one that marks were made under."""
        self._wanted = frozenset(wanted)
        self._emails = EMAIL in self._wanted
        self._numbers = (
            Numbers(rules.countries(PHONE), rules.countries(NATIONAL_ID)) if self._wanted & NUMBERS else None
        )
        self._marks = Marks(marks if SECRET in self._wanted else (), key)
        self._patterns = Patterns.read(patterns, self._wanted)

    def __bool__(self) -> bool:
        return bool(self._emails or self._numbers or self._marks or self._patterns)

    @property
    def has_patterns(self) -> bool:
        """Whether an organisation's own patterns are among what is looked for."""
        return bool(self._patterns)

    def may_hold(self, text: str) -> bool:
        """Whether a closer look is worth its while; no class is found where this says no."""
        return (
            (self._emails and "@" in text)
            or (self._numbers is not None and SPOT.search(text) is not None)
            or (bool(self._marks) and self._marks.may_hold(text))
            or self._patterns.met(text)
        )

    def find(self, text: str) -> list[Match]:
        """What stands in a text, in no order; masks that stand there already are nothing."""
        found = list(self._found(text))
        if found and "[" in text:
            masks = [one.span() for one in MASK.finditer(text)]
            found = [one for one in found if not any(start <= one.start < end for start, end in masks)]
        return found

    def _found(self, text: str) -> Iterator[Match]:
        if self._marks and self._marks.may_hold(text):
            yield from self._marks.find(text)
        yield from self._patterns.find(text)
        if self._emails:
            yield from emails(text)
        if self._numbers is not None:
            yield from (one for one in self._numbers.find(text) if one.kind in self._wanted)
