"""What calls to models cost, by who or what spent it and by day. Amounts are pico-dollars: sums of integers, exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from greenlane.gateway.queries import Filter, Sum, spend
from greenlane.gateway.queries.calls import By


@dataclass(frozen=True, slots=True)
class Spending:
    """A range of days: each spender's sum with the dearest first, and what each day cost, oldest first."""

    days: tuple[str, ...]
    shares: tuple[Sum, ...]
    by_day: tuple[int, ...]

    @property
    def pico(self) -> int:
        """What all of it cost."""
        return sum(self.by_day)

    @property
    def calls(self) -> int:
        """How many calls were let through."""
        return sum(one.calls for one in self.shares)

    @property
    def refused(self) -> int:
        """How many were not."""
        return sum(one.refused for one in self.shares)

    @property
    def running(self) -> int:
        """How many have no end yet; they count with what is reserved for them."""
        return sum(one.open for one in self.shares)

    def percent(self, pico: int) -> int:
        """A part of all of it, in whole percents, rounded."""
        return (200 * pico + self.pico) // (2 * self.pico) if self.pico else 0


def spending(connection: Connection, by: By, which: Filter, days: Sequence[str]) -> Spending:
    """What was spent on these days, the last one today; ``which`` narrows it and names no days itself."""
    wanted = replace(which, since=days[0], until=days[-1])
    each_day = spend(connection, "day", wanted)
    sums = {one.name: one.pico for one in each_day}
    shares = each_day if by == "day" else spend(connection, by, wanted)
    return Spending(tuple(days), tuple(shares), tuple(sums.get(day, 0) for day in days))


def together(connection: Connection, which: Filter, days: Sequence[str]) -> tuple[int, int]:
    """How many calls were let through on these days, and what they cost."""
    sums = spend(connection, "day", replace(which, since=days[0], until=days[-1]))
    return sum(one.calls for one in sums), sum(one.pico for one in sums)
