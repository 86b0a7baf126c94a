"""Charts as data: where each mark stands, the sentence that says what one sees, and the same numbers as a table.

``templates/charts.html`` prints them as SVG on the server. Nothing is told by a mark alone: the sentence comes first, the
table lies behind, and every tint has a pattern beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from greenlane.web import wording

WIDTH, HEIGHT = 720.0, 160.0
"""The size of a drawing in its own units; a page scales it."""

GAP = 0.25
"""How much of its place a bar leaves free."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One rectangle in the drawing's units. ``kind`` chooses tint and pattern; ``says`` is read when it is pointed at."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    says: str


@dataclass(frozen=True, slots=True)
class Row:
    """One bar that lies: its label, its number in words, and the share of the longest one (0 to 1)."""

    label: str
    said: str
    share: float
    href: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure. ``says`` is its sentence; ``heads`` and ``cells`` are the table behind it.

    A drawing has ``marks`` and an axis of two labels; bars that lie have ``rows``; a line has ``points``.
    """

    id: str
    says: str
    heads: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    marks: tuple[Mark, ...] = ()
    axis: tuple[str, str] = ("", "")
    legend: tuple[tuple[str, str, str], ...] = ()
    rows: tuple[Row, ...] = ()
    points: str = ""
    top: str = ""


def stacked(
    id: str,
    says: str,
    places: Sequence[str],
    series: Mapping[str, Sequence[int]],
    words: Mapping[str, str],
    head: str = "Day",
    say: Callable[[int], str] = wording.number,
) -> Chart:
    """Standing bars, one a place, each made of parts from the bottom up in the order of ``series``.

    ``say`` puts a number into words where it counts something that is not one by one, such as money.
    """
    kinds = list(series)
    sums = [sum(series[kind][at] for kind in kinds) for at in range(len(places))]
    top = max(sums, default=0)
    step = WIDTH / max(1, len(places))
    marks = []
    for at, place in enumerate(places):
        foot = HEIGHT
        for kind in kinds:
            number = series[kind][at]
            tall = HEIGHT * number / top if top else 0.0
            foot -= tall
            if number:
                says_it = f"{place}: {say(number)} {words[kind].lower()}"
                marks.append(_mark(at * step + step * GAP / 2, foot, step * (1 - GAP), tall, kind, says_it))
    return Chart(
        id,
        says,
        (head, *(words[kind] for kind in kinds)),
        tuple((place, *(say(series[kind][at]) for kind in kinds)) for at, place in enumerate(places)),
        marks=tuple(marks),
        axis=(places[0], places[-1]) if places else ("", ""),
        legend=tuple((kind, words[kind], say(sum(series[kind]))) for kind in kinds),
        top=say(top) if top else "",
    )


def lying(
    id: str,
    says: str,
    heads: tuple[str, str],
    numbers: Sequence[tuple[str, int]],
    hrefs: Mapping[str, str] | None = None,
    say: Callable[[int], str] | None = None,
) -> Chart:
    """Bars that lie, one below the other, each with its label and its number: so many of what the second head names."""
    longest = max((number for _, number in numbers), default=0)
    unit = heads[-1].lower().removesuffix("s")
    rows = tuple(
        Row(
            label,
            wording.plural(number, unit) if say is None else say(number),
            number / longest if longest else 0.0,
            (hrefs or {}).get(label, ""),
        )
        for label, number in numbers
    )
    return Chart(id, says, heads, tuple((label, (say or str)(number)) for label, number in numbers), rows=rows)


def line(id: str, says: str, heads: tuple[str, str], numbers: Sequence[tuple[str, int]]) -> Chart:
    """A line without axes, as wide as a word: how something went, no more."""
    top = max((number for _, number in numbers), default=0)
    step = WIDTH / max(1, len(numbers) - 1)
    points = " ".join(
        f"{at * step:.1f},{HEIGHT - (HEIGHT * number / top if top else 0):.1f}"
        for at, (_, number) in enumerate(numbers)
    )
    cells = tuple((label, str(number)) for label, number in numbers)
    return Chart(id, says, heads, cells, points=points, top=wording.number(top) if top else "")


def ranges(
    id: str, says: str, heads: tuple[str, ...], steps: Sequence[str], spans: Mapping[str, tuple[int, int, int]]
) -> Chart:
    """From where to where most of something lies, with its middle: bars over ``steps``, each span as three of their places."""
    tall = HEIGHT / max(1, len(spans))
    step = WIDTH / max(1, len(steps))
    marks = []
    for at, (label, (low, middle, high)) in enumerate(spans.items()):
        top = at * tall + tall * GAP
        says_it = f"{label}: most from {steps[low]} to {steps[high]}, half within {steps[middle]}"
        marks.append(_mark(low * step, top, (high - low + 1) * step, tall * (1 - 2 * GAP), "span", says_it))
        marks.append(_mark((middle + 1) * step - 4, top, 4, tall * (1 - 2 * GAP), "middle", says_it))
    cells = tuple((label, steps[low], steps[middle], steps[high]) for label, (low, middle, high) in spans.items())
    axis = (steps[0], steps[-1]) if steps else ("", "")
    return Chart(id, says, heads, cells, marks=tuple(marks), axis=axis)


def _mark(x: float, y: float, width: float, height: float, kind: str, says: str) -> Mark:
    return Mark(round(x, 2), round(y, 2), round(width, 2), round(height, 2), kind, says)
