"""Sums of calls by day and by everything that spending is told by, kept in the same transaction as the calls' rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, bindparam
from sqlalchemy.dialects import postgresql, sqlite

from greenlane.gateway.prepared import Prepared
from greenlane.gateway.tables import CALL_DAY

KEYS = ("day", "app", "environment", "team", "person", "run", "provider", "model")
"""What a sum is told by; together they name a row."""
NUMBERS = ("calls", "refused", "open", "pico", "read", "written")
"""What is summed: calls that were let through, those refused, those without an end yet, pico-dollars, and tokens."""


def _adding(dialect: str) -> postgresql.Insert | sqlite.Insert:
    named: dict[str, Any] = {name: bindparam(f"new_{name}") for name in (*KEYS, *NUMBERS)}
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    adding = insert(CALL_DAY).values(named)
    more = {name: CALL_DAY.c[name] + adding.excluded[name] for name in NUMBERS}
    return adding.on_conflict_do_update(index_elements=list(KEYS), set_=more)


_ADD = Prepared(_adding, [f"new_{name}" for name in (*KEYS, *NUMBERS)])
_of: Callable[[Mapping[str, Any]], tuple[str, ...]] = itemgetter(*KEYS)


class Sums:
    """What rows of calls add to the sums, and take from them."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], list[int]] = {}

    def add(self, call: Mapping[str, Any], times: int = 1) -> None:
        """Count a call's row in, or (``times`` -1) out again."""
        state, refused = call["state"], call["state"] == "refused"
        numbers = self._numbers(call)
        numbers[0] += 0 if refused else times
        numbers[1] += times if refused else 0
        numbers[2] += times if state == "open" else 0
        numbers[3] += times * call["pico"]
        numbers[4] += times * call["read"]
        numbers[5] += times * call["written"]

    def correct(self, call: Mapping[str, Any], pico: int) -> None:
        """A call turned out to cost so many pico-dollars more."""
        self._numbers(call)[3] += pico

    def write(self, connection: Connection) -> None:
        """Add everything to the rows. One writer alone writes them."""
        _ADD.run(connection, [(*key, *each) for key, each in self._found.items() if any(each)])

    def _numbers(self, call: Mapping[str, Any]) -> list[int]:
        key = _of(call)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = [0] * len(NUMBERS)
        return found


def counted(calls: Iterable[Mapping[str, Any]]) -> Sums:
    """The sums of these rows."""
    sums = Sums()
    for one in calls:
        sums.add(one)
    return sums
