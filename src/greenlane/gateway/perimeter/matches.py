"""A place in a text where a class of data stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple


class Match(NamedTuple):
    """From where to where in a text (letters, the end excluded), and which class."""

    start: int
    end: int
    kind: str


def tried(
    form: re.Pattern[str], text: str, start: int, end: int, fits: Callable[[str], bool]
) -> Iterator[re.Match[str]]:
    """What has a form within a part of a text and fits; behind what does not fit the next may begin at its second letter."""
    at = start
    while (found := form.search(text, at, end)) is not None:
        if fits(found[0]):
            yield found
            at = found.end()
        else:
            at = found.start() + 1
