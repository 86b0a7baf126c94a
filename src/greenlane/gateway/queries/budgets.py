"""How budgets stand: what was spent, what is held by calls and workers, and when it will run out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from greenlane.gateway import tables
from greenlane.gateway.budgets.account import EVERYBODYS, Budget
from greenlane.gateway.budgets.books import Book, read_accounts, read_books, read_hours
from greenlane.gateway.budgets.messages import Key
from greenlane.gateway.budgets.period import window
from greenlane.gateway.budgets.projection import HOURS, runs_out
from greenlane.govern.errors import NotFound


@dataclass(frozen=True, slots=True)
class BudgetStanding:
    """A budget in the period that runs now, in pico-dollars. ``held`` is leased and not spent as far as is known.

    ``resets_at`` is None for a total. ``runs_out`` is when it is gone if all goes on as in the last 24 hours; None where it
    begins anew before that. ``everybodys`` says that it is the small one that everybody gets.
    """

    budget: Budget
    spent: int
    held: int
    since: datetime
    resets_at: datetime | None
    runs_out: datetime | None
    everybodys: bool

    @property
    def left(self) -> int:
        """What is not spent; negative where more was spent than there is."""
        return self.budget.amount - self.spent


def standings(connection: Connection, now: datetime, account: str | None = None) -> list[BudgetStanding]:
    """Every budget that holds, or those of one account; by account, then by period."""
    budgets, _ = read_accounts(connection)
    wanted = {id: one for id, one in budgets.items() if account in (None, one.account)}
    books = read_books(connection, wanted, now)
    ordered = sorted(wanted.values(), key=lambda one: (one.account, one.period, one.id))
    return [_standing(connection, one, books, now) for one in ordered]


def standing_of(connection: Connection, budget: str, now: datetime) -> BudgetStanding:
    """One budget. Raises ``NotFound``."""
    found = next((one for one in standings(connection, now) if one.budget.id == budget), None)
    if found is None:
        raise NotFound(f"There is no budget {budget}.", next_step="`greenlane gateway budget list` shows them all.")
    return found


def account_of_budget(connection: Connection, budget: str) -> str | None:
    """Whose budget it is or was."""
    found: str | None = connection.scalar(select(tables.BUDGET.c.account).where(tables.BUDGET.c.id == budget))
    return found


def _standing(connection: Connection, one: Budget, books: dict[Key, Book], now: datetime) -> BudgetStanding:
    within = window(one.period, one.zone, now)
    book = books.get(Key(one.id, within.since), Book())
    by_hour = read_hours(connection, one.id, now, HOURS)
    out = runs_out(one.amount - book.spent, by_hour, now, within.until)
    everybodys = one.id.startswith(EVERYBODYS)
    return BudgetStanding(one, book.spent, book.held, within.since, within.until, out, everybodys)
