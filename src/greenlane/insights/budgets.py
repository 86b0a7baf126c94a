"""How budgets stand, and on which day each of them runs out if all goes on as it did."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, or_, select

from greenlane.gateway import accounts
from greenlane.gateway.budgets.account import EVERYBODYS, Budget
from greenlane.gateway.budgets.books import Book, budget_in, read_books, read_hours
from greenlane.gateway.budgets.messages import Key
from greenlane.gateway.budgets.period import Period, window
from greenlane.gateway.budgets.projection import HOURS, runs_out
from greenlane.gateway.tables import BUDGET, LEASE
from greenlane.kit.clock import stamp


class State(StrEnum):
    """How a budget is."""

    FINE = "fine"
    RUNS_OUT = "runs-out"
    SPENT = "spent"


@dataclass(frozen=True, slots=True)
class Bar:
    """One budget in the period that runs: pico-dollars, and what people want to know of it.

    ``runs_out`` is the moment at which nothing is left, None where the period ends before that. ``begins_anew`` is None
    for a budget without periods. ``held`` is set aside for calls that run. ``everybodys`` is the small one that nobody set.
    """

    budget: Budget
    whose: str
    spent: int
    held: int
    runs_out: datetime | None
    begins_anew: datetime | None

    @property
    def everybodys(self) -> bool:
        """Whether it is a small one that holds where nobody set another."""
        return self.budget.id.startswith(EVERYBODYS)

    @property
    def left(self) -> int:
        """What is not spent, never below nothing."""
        return max(0, self.budget.amount - self.spent)

    @property
    def share(self) -> float:
        """What is spent of it, 0 to 1."""
        return 1.0 if self.spent >= self.budget.amount else self.spent / self.budget.amount

    @property
    def state(self) -> State:
        """Whether somebody should look."""
        if self.left == 0:
            return State.SPENT
        return State.FINE if self.runs_out is None else State.RUNS_OUT


def bars(connection: Connection, now: datetime, sees: Callable[[str], bool]) -> list[Bar]:
    """The budgets of accounts that somebody ``sees``: those that are spent first, then those that run out the soonest.

    A small budget that everybody gets is told once something was spent of it in the period that runs.
    """
    budgets = {one.id: one for one in _set(connection, now) if sees(one.account)}
    books = read_books(connection, budgets, now)
    found = [_bar(connection, one, books, now) for one in budgets.values()]
    return sorted((one for one in found if one.spent or not one.everybodys), key=_urgency)


def charged(connection: Connection, ids: Iterable[str]) -> list[tuple[str, str]]:
    """Budgets as people name them: whose, and the period. Those that ended are named too."""
    rows = connection.execute(select(BUDGET.c.account, BUDGET.c.period).where(BUDGET.c.id.in_(list(ids))))
    return [(accounts.words(connection, row.account), row.period) for row in rows]


def subject(account: str) -> str:
    """What a right on an account is a right on: ``app:board`` for what its environments spend."""
    kind, _, name = account.partition(":")
    return f"app:{name.partition('/')[0]}" if kind == "environment" else account


def _set(connection: Connection, now: datetime) -> list[Budget]:
    """The budgets that hold: those that somebody set, and of the others those that something was leased of today."""
    c = BUDGET.c
    today = stamp(window(Period.DAY, "UTC", now).since)
    leased = select(LEASE.c.budget).where(LEASE.c.budget == c.id, LEASE.c.since >= today).exists()
    rows = connection.execute(
        select(BUDGET).where(c.ended.is_(None), or_(~c.id.startswith(EVERYBODYS, autoescape=True), leased))
    )
    return [budget_in(row) for row in rows]


def _bar(connection: Connection, one: Budget, books: dict[Key, Book], now: datetime) -> Bar:
    within = window(one.period, one.zone, now)
    book = books.get(Key(one.id, within.since), Book())
    out = runs_out(one.amount - book.spent, read_hours(connection, one.id, now, HOURS), now, within.until)
    whose = accounts.words(connection, one.account)
    if not one.account.startswith("app:"):  # an app's name is written as it is
        whose = whose[:1].upper() + whose[1:]
    return Bar(one, whose, book.spent, book.held, out, within.until)


def _urgency(one: Bar) -> tuple[int, float, float, str]:
    order = (State.SPENT, State.RUNS_OUT, State.FINE).index(one.state)
    when = one.runs_out.timestamp() if one.runs_out is not None else 0.0
    return order, when, -one.share, one.whose
