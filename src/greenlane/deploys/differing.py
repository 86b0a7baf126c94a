"""A readable difference between two versions of a text file, with limits that hostile files cannot push. Pure.

The lines that stay are found by Myers' greedy algorithm ("An O(ND) Difference Algorithm and Its Variations", 1986),
stopped after ``MOST_EDITS``: beyond that, everything between the common beginning and the common end counts as replaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

LARGEST = 256 * 1024
"""Bytes of the largest file whose text is compared."""

MOST_LINES = 6000
"""Lines of the longest file whose text is compared."""

MOST_EDITS = 400
"""Lines added and removed together up to which the smallest difference is searched."""

LONGEST_LINE = 400
"""Letters of a line that are shown; packed scripts have everything on one line."""

AROUND = 3
"""Lines that stay which are shown around a change."""

SAME, ADDED, REMOVED = "same", "added", "removed"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what became of it, its numbers in the old and the new file (from 1; 0 where it is not), its text.

    ``cut`` is how many letters at its end are not shown.
    """

    kind: str
    before: int
    after: int
    text: str
    cut: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines that stand together. ``skipped`` lines that stay were left out before them."""

    skipped: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed between two texts. ``left_out`` is how many changed lines are not shown."""

    pieces: tuple[Piece, ...]
    added: int
    removed: int
    left_out: int = 0


def text_of(data: bytes) -> str | None:
    """The text of a file; None for what is no text, or too large to be read here."""
    if len(data) > LARGEST or b"\0" in data:
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return text if text.count("\n") < MOST_LINES else None


@lru_cache(maxsize=256)
def difference(before: str, after: str, most: int = 400) -> Difference:
    """What changed from one text to the other, showing at most so many lines."""
    old, new = _lines(before), _lines(after)
    every = list(_numbered(old, new))
    added = sum(one.kind == ADDED for one in every)
    removed = sum(one.kind == REMOVED for one in every)
    pieces, shown = _pieces(every, most)
    return Difference(pieces, added, removed, added + removed - shown)


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []


def _numbered(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    """Every line of both, in reading order."""
    x = y = 0
    for same_x, same_y in (*_matches(old, new), (len(old), len(new))):
        for at in range(x, same_x):
            yield _line(REMOVED, at + 1, 0, old[at])
        for at in range(y, same_y):
            yield _line(ADDED, 0, at + 1, new[at])
        if same_x < len(old):
            yield _line(SAME, same_x + 1, same_y + 1, old[same_x])
        x, y = same_x + 1, same_y + 1


def _line(kind: str, before: int, after: int, text: str) -> Line:
    return Line(kind, before, after, text[:LONGEST_LINE], max(0, len(text) - LONGEST_LINE))


def _matches(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The places of lines that stay, in both files."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    head = [(at, at) for at in range(start)]
    middle = _myers(old[start : len(old) - end], new[start : len(new) - end])
    tail = [(len(old) - at, len(new) - at) for at in range(end, 0, -1)]
    return head + [(x + start, y + start) for x, y in middle] + tail


def _myers(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The lines that stay under the fewest edits; none where more than ``MOST_EDITS`` are needed."""
    furthest = {1: 0}
    trail: list[dict[int, int]] = []
    for edits in range(min(len(old) + len(new), MOST_EDITS) + 1):
        trail.append(dict(furthest))
        for diagonal in range(-edits, edits + 1, 2):
            x = _entered(furthest, diagonal, edits)
            y = x - diagonal
            while x < len(old) and y < len(new) and old[x] == new[y]:
                x, y = x + 1, y + 1
            furthest[diagonal] = x
            if x >= len(old) and y >= len(new):
                return _walked_back(trail, len(old), len(new))
    return []


def _comes_down(furthest: dict[int, int], diagonal: int, edits: int) -> bool:
    """Whether the best path enters a diagonal from above, by an added line; else from the left, by a removed one."""
    return diagonal == -edits or (diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1])


def _entered(furthest: dict[int, int], diagonal: int, edits: int) -> int:
    """How many old lines are behind a path that enters a diagonal."""
    down = _comes_down(furthest, diagonal, edits)
    return furthest[diagonal + 1] if down else furthest[diagonal - 1] + 1


def _walked_back(trail: Sequence[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    """The lines that stay on the path which ended last, read from its end."""
    matches: list[tuple[int, int]] = []
    for edits in range(len(trail) - 1, -1, -1):
        furthest, diagonal = trail[edits], x - y
        entered = _entered(furthest, diagonal, edits)
        while x > entered:
            x, y = x - 1, y - 1
            matches.append((x, y))
        x, y = (x, y - 1) if _comes_down(furthest, diagonal, edits) else (x - 1, y)
    return matches[::-1]


def _pieces(every: Sequence[Line], most: int) -> tuple[tuple[Piece, ...], int]:
    """The changed lines with those around them, cut into pieces; and how many changed lines are in them."""
    near = [False] * len(every)
    shown = 0
    for at, line in enumerate(every):
        if line.kind == SAME:
            continue
        if shown == most:
            break
        shown += 1
        for place in range(max(0, at - AROUND), min(len(every), at + AROUND + 1)):
            near[place] = near[place] or place == at or every[place].kind == SAME
    pieces: list[Piece] = []
    lines: list[Line] = []
    skipped = 0
    for line, is_near in zip(every, near, strict=True):
        if is_near:
            lines.append(line)
            continue
        if lines:
            pieces.append(Piece(skipped, tuple(lines)))
            lines, skipped = [], 0
        skipped += line.kind == SAME
    if lines:
        pieces.append(Piece(skipped, tuple(lines)))
    return tuple(pieces), shown
