"""A budget's books in the database: what a new owner begins with, and the rows that keep them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Table, insert, select, update

from greenlane.gateway import tables
from greenlane.gateway.budgets.account import Account, Accounts, Budget, Kind
from greenlane.gateway.budgets.messages import Key
from greenlane.gateway.budgets.period import Period, window
from greenlane.kit.clock import parse, stamp

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Lease:
    """Running totals of one slice, in pico-dollars. It holds nothing more once it is ``buried``."""

    granted: int = 0
    spent: int = 0
    released: int = 0
    buried: bool = False

    @property
    def held(self) -> int:
        """What the worker may still spend, or has spent without saying so yet."""
        return 0 if self.buried else max(0, self.granted - self.spent - self.released)


@dataclass(slots=True)
class Book:
    """One budget in one of its periods: its slices by worker, and the sums over them."""

    leases: dict[str, Lease] = field(default_factory=dict)
    spent: int = 0
    held: int = 0

    def put(self, worker: str, lease: Lease) -> None:
        """Keep a slice's new totals."""
        before = self.leases.get(worker, Lease())
        self.leases[worker] = lease
        self.spent += lease.spent - before.spent
        self.held += lease.held - before.held

    def holders(self, but: str) -> tuple[str, ...]:
        """Workers that hold something, one apart."""
        return tuple(worker for worker, lease in self.leases.items() if lease.held and worker != but)


def read_accounts(connection: Connection) -> tuple[dict[str, Budget], Accounts]:
    """The budgets that hold, by id, and the tree with them."""
    accounts = [Account(row.id, Kind(row.kind), row.parent) for row in connection.execute(select(tables.ACCOUNT)).all()]
    budgets = read_budgets(connection)
    return budgets, Accounts(accounts, budgets.values())


def read_budgets(connection: Connection, of: Collection[str] | None = None) -> dict[str, Budget]:
    """The budgets that hold, by id: all, or those of these few accounts."""
    c = tables.BUDGET.c
    wanted = select(tables.BUDGET).where(c.ended.is_(None))
    rows = connection.execute(wanted if of is None else wanted.where(c.account.in_(of))).all()
    return {row.id: budget_in(row) for row in rows}


def budget_in(row: Row[Any]) -> Budget:
    """The budget that a row of the table of budgets tells."""
    return Budget(row.id, row.account, row.amount, Period(row.period), row.zone, row.hard, row.instead or "")


def read_books(connection: Connection, budgets: Mapping[str, Budget], now: datetime) -> dict[Key, Book]:
    """The books of every period that runs, and of those in which a worker has not been buried."""
    lease = tables.LEASE.c
    open_still = select(lease.budget, lease.since).where(lease.buried.is_(False)).distinct()
    wanted = {(row.budget, row.since) for row in connection.execute(open_still)}
    wanted |= {(one.id, stamp(window(one.period, one.zone, now).since)) for one in budgets.values()}
    # Budgets are as many as environments of apps; the moments at which their periods began are few.
    since = {began for _, began in wanted}
    books: dict[Key, Book] = {}
    for row in connection.execute(select(tables.LEASE).where(lease.since.in_(since))):
        if (row.budget, row.since) in wanted:
            book = books.setdefault(Key(row.budget, parse(row.since)), Book())
            book.put(row.worker, Lease(row.granted, row.spent, row.released, row.buried))
    return books


def read_hours(connection: Connection, budget: str, now: datetime, hours: int) -> list[int]:
    """What was spent in each of the last whole hours, the oldest first; since the first that anything was spent in."""
    this = now.replace(minute=0, second=0, microsecond=0)
    hour = tables.HOUR.c
    told = select(hour.hour, hour.spent).where(
        hour.budget == budget, hour.hour >= stamp(this - hours * HOUR), hour.hour < stamp(this)
    )
    spent = {row.hour: row.spent for row in connection.execute(told).all()}
    found = [spent.get(stamp(this - ago * HOUR), 0) for ago in range(hours, 0, -1)]
    first = next((index for index, one in enumerate(found) if one), len(found))
    return found[first:]


def write_leases(connection: Connection, leases: Iterable[tuple[Key, str, Lease]]) -> None:
    """Keep the totals of these slices."""
    for key, worker, lease in leases:
        which = {"budget": key.budget, "since": stamp(key.since), "worker": worker}
        totals = {
            "granted": lease.granted,
            "spent": lease.spent,
            "released": lease.released,
            "buried": lease.buried,
        }
        _put(connection, tables.LEASE, which, totals)


def write_hours(connection: Connection, hours: Mapping[tuple[str, str], int]) -> None:
    """Add to what was spent in these hours."""
    hour = tables.HOUR.c
    for (budget, began), spent in hours.items():
        more = update(tables.HOUR).where(hour.budget == budget, hour.hour == began).values(spent=hour.spent + spent)
        if connection.execute(more).rowcount == 0:
            connection.execute(insert(tables.HOUR).values(budget=budget, hour=began, spent=spent))


def _put(connection: Connection, table: Table, which: Mapping[str, str], values: Mapping[str, object]) -> None:
    """One writer alone writes these rows, so that looking before inserting is enough."""
    found = update(table).where(*(table.c[name] == value for name, value in which.items())).values(values)
    if connection.execute(found).rowcount == 0:
        connection.execute(insert(table).values({**which, **values}))
