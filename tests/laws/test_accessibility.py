"""`docs/accessibility.md` names every criterion of WCAG 2.2 A and AA once, each with a test that exists or a dated look."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "accessibility.md"

A = [
    "1.1.1",
    "1.2.1",
    "1.2.2",
    "1.2.3",
    "1.3.1",
    "1.3.2",
    "1.3.3",
    "1.4.1",
    "1.4.2",
    "2.1.1",
    "2.1.2",
    "2.1.4",
    "2.2.1",
    "2.2.2",
    "2.3.1",
    "2.4.1",
    "2.4.2",
    "2.4.3",
    "2.4.4",
    "2.5.1",
    "2.5.2",
    "2.5.3",
    "2.5.4",
    "3.1.1",
    "3.2.1",
    "3.2.2",
    "3.2.6",
    "3.3.1",
    "3.3.2",
    "3.3.7",
    "4.1.2",
]
AA = [
    "1.2.4",
    "1.2.5",
    "1.3.4",
    "1.3.5",
    "1.4.3",
    "1.4.4",
    "1.4.5",
    "1.4.10",
    "1.4.11",
    "1.4.12",
    "1.4.13",
    "2.4.5",
    "2.4.6",
    "2.4.7",
    "2.4.11",
    "2.5.7",
    "2.5.8",
    "3.1.2",
    "3.2.3",
    "3.2.4",
    "3.3.3",
    "3.3.4",
    "3.3.8",
    "4.1.3",
]
"""https://www.w3.org/TR/WCAG22/"""

ROWS = re.findall(r"^\| (\d\.\d\.\d+) [^|]+\| (A+) \| ([^|]+) \| ([^|]+) \|$", PAGE.read_text(), re.MULTILINE)
DATED = re.compile(r"Looked at on \d{1,2} [A-Z][a-z]+ 20\d\d: \w+")


def test_every_criterion_is_named_once_at_its_level() -> None:
    assert len(A) + len(AA) == 55
    assert sorted(number for number, level, _, _ in ROWS if level == "A") == sorted(A)
    assert sorted(number for number, level, _, _ in ROWS if level == "AA") == sorted(AA)


def test_every_criterion_is_held_by_a_test_that_exists_or_by_a_dated_look() -> None:
    defined = {
        name
        for path in TESTS.rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    for number, _, how, held in ROWS:
        named = set(re.findall(r"`(test_\w+)`", held))
        assert how.strip(), number
        assert named or DATED.search(held), f"{number} is held by nothing"
        assert named <= defined, f"{number}: there is no {sorted(named - defined)}"
