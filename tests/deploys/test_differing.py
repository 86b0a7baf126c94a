"""The difference between two texts: right whatever the texts are, the smallest where it can be, bounded always."""

import random
import time

from hypothesis import given
from hypothesis import strategies as st

from greenlane.deploys.differing import (
    ADDED,
    LARGEST,
    LONGEST_LINE,
    MOST_LINES,
    REMOVED,
    SAME,
    difference,
    text_of,
)

LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=14)


def common(old: list[str], new: list[str]) -> int:
    """How many lines can stay at most, found by the slow and certain way."""
    table = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for x, one in enumerate(old):
        for y, other in enumerate(new):
            table[x + 1][y + 1] = table[x][y] + 1 if one == other else max(table[x][y + 1], table[x + 1][y])
    return table[-1][-1]


@given(LINES, LINES)
def test_what_is_shown_leads_from_the_old_text_to_the_new_with_the_fewest_changes(old: list[str], new: list[str]):
    before, after = "".join(f"{one}.\n" for one in old), "".join(f"{one}.\n" for one in new)
    found = difference(before, after)
    stay = common(old, new)
    assert (found.removed, found.added) == (len(old) - stay, len(new) - stay)
    shown = [line for piece in found.pieces for line in piece.lines]
    assert [(one.after, one.text) for one in shown if one.kind == ADDED] == [
        (at, f"{new[at - 1]}.") for at in (one.after for one in shown if one.kind == ADDED)
    ]
    assert [one.text for one in shown if one.kind == REMOVED] == [
        f"{old[at - 1]}." for at in (one.before for one in shown if one.kind == REMOVED)
    ]
    assert all(old[one.before - 1] == new[one.after - 1] for one in shown if one.kind == SAME)


def test_lines_that_stay_are_left_out_except_around_a_change():
    text = [f"line {number}" for number in range(100)]
    changed = [*text[:50], "another", *text[51:]]
    (piece,) = difference("\n".join(text), "\n".join(changed)).pieces
    assert piece.skipped == 47
    assert [one.kind for one in piece.lines] == [SAME] * 3 + [REMOVED, ADDED] + [SAME] * 3


def test_no_more_lines_are_shown_than_asked_for_and_the_rest_is_counted():
    found = difference("", "\n".join(str(number) for number in range(1000)), most=10)
    assert sum(len(piece.lines) for piece in found.pieces) == 10
    assert (found.added, found.left_out) == (1000, 990)


def test_texts_that_share_nothing_and_texts_that_share_everything_wrongly_take_no_long_time():
    chance = random.Random(3)
    began = time.process_time()
    for letters in ("ab", "abcdefghijklmnopqrstuvwxyz"):
        old, new = ("\n".join(chance.choice(letters) for _ in range(MOST_LINES - 1)) for _ in range(2))
        assert difference(old, new).pieces
    assert time.process_time() - began < 2


def test_a_long_line_is_cut_and_says_so():
    (piece,) = difference("", "x" * 1000).pieces
    assert len(piece.lines[0].text) == LONGEST_LINE
    assert piece.lines[0].cut == 1000 - LONGEST_LINE


def test_what_is_no_text_or_too_large_is_not_read():
    assert text_of(b"\x89PNG\0\0") is None
    assert text_of(b"\xff\xfe\xfd") is None
    assert text_of(b"a" * (LARGEST + 1)) is None
    assert text_of(b"\n" * MOST_LINES) is None
    assert text_of("Grüße".encode()) == "Grüße"
