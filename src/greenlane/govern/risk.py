"""Risk: an additive scorecard with named parts, 0 to 100, read from a table that a risk officer can change.

Pure: the same facts and the same table give the same score. The table is part of the policy pack (``risk.toml``), so
the pack's digest pins it too. The score is an input of the policies and a text for people; no lane follows from it
unless a policy says so.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from greenlane.govern.cedar import PackError
from greenlane.govern.decision import Risk, RiskPart
from greenlane.govern.facts import Facts
from greenlane.govern.words import placeholders, sentence
from greenlane.kit import digest

_KINDS = {one.name: str(one.type) for one in fields(Facts)}
_HOW = {"bool": "points", "int": "steps", "tuple[str, ...]": "each", "str": "words"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a fact, how it turns into points, and the sentence that is shown when it does.

    ``when`` names a yes-or-no fact without which the line does not count.
    """

    name: str
    fact: str
    points: Callable[[Any], int]
    says: str
    when: str | None


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The whole table and the digest of its text."""

    rows: tuple[Row, ...]
    digest: str

    @classmethod
    def read(cls, text: str, file: str = "risk.toml") -> Scorecard:
        """Read a table. Raises ``PackError`` naming the line of what cannot be meant."""
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            said = str(error).rpartition("line ")[2].partition(",")[0]
            raise PackError(file, int(said) if said.isdigit() else 1, str(error)) from error
        lines = [number for number, line in enumerate(text.splitlines(), 1) if line.strip() == "[[part]]"]
        rows = []
        for line, part in zip(lines, table.get("part", []), strict=True):
            try:
                rows.append(_row(part))
            except (KeyError, TypeError, ValueError) as error:
                reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
                raise PackError(file, line, f"this part of the scorecard cannot be read: {reason}") from error
        return cls(tuple(rows), digest.sha256(text.encode()))

    def score(self, facts: Facts) -> Risk:
        """The parts that count for these facts, in the order of the table, and their sum kept within 0 to 100."""
        parts = []
        for row in self.rows:
            if row.when is not None and not getattr(facts, row.when):
                continue
            points = row.points(getattr(facts, row.fact))
            if points:
                parts.append(RiskPart(row.name, points, sentence(row.says, facts)))
        return Risk(max(0, min(100, sum(part.points for part in parts))), tuple(parts), self.digest)


def _row(part: dict[str, Any]) -> Row:
    name, fact, says, when = part["name"], part["fact"], part["says"], part.get("when")
    if fact not in _KINDS:
        raise ValueError(f"there is no fact called {fact!r}")
    if when is not None and _KINDS.get(when) != "bool":
        raise ValueError(f"{when!r} is no yes-or-no fact")
    for unknown in placeholders(says) - _KINDS.keys():
        raise ValueError(f"its sentence names {unknown!r}, which is no fact")
    how = _HOW[_KINDS[fact]]
    if how not in part:
        raise ValueError(f"{fact!r} turns into points by {how!r}")
    return Row(name, fact, _POINTS[how](part), says, when)


def _if_so(part: dict[str, Any]) -> Callable[[Any], int]:
    points = int(part["points"])
    return lambda value: points if value else 0


def _by_steps(part: dict[str, Any]) -> Callable[[Any], int]:
    steps = sorted((int(at_least), int(points)) for at_least, points in part["steps"])

    def points(value: int) -> int:
        reached = 0
        for at_least, worth in steps:
            if value >= at_least:
                reached = worth
        return reached

    return points


def _by_each(part: dict[str, Any]) -> Callable[[Any], int]:
    each, most = int(part["each"]), int(part["most"])
    return lambda value: min(each * len(value), most)


def _by_word(part: dict[str, Any]) -> Callable[[Any], int]:
    words = {str(word): int(points) for word, points in part["words"].items()}
    return lambda value: words.get(value, 0)


_POINTS = {"points": _if_so, "steps": _by_steps, "each": _by_each, "words": _by_word}
