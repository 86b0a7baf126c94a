"""Runs of agents: each has an account of its own inside its person's, with one hard budget, and ends by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select, update

from greenlane.gateway import accounts, tables
from greenlane.gateway.actions import MakeGatewayKey
from greenlane.gateway.budgets.account import Account, Budget, Kind
from greenlane.gateway.budgets.period import Period
from greenlane.gateway.prices import money
from greenlane.govern.effect import Rows
from greenlane.kit import ids
from greenlane.kit.clock import stamp


@dataclass(frozen=True, slots=True)
class Run:
    """A run that begins: its id, what people call it, whose it is, and its budget."""

    id: str
    name: str
    person: str
    budget: Budget

    def accounts(self, connection: Connection) -> list[Account]:
        """Its account and all that it spends for, parents first."""
        own = accounts.of_person(self.person)
        return [*accounts.towards(connection, own), Account(self.budget.account, Kind.RUN, own, self.name)]


def begun(action: MakeGatewayKey, person: str) -> Run:
    """The run that a key is made for."""
    pico = money.parsed(action.budget)
    assert pico is not None, "the action was checked when it was made"
    run = ids.new("run")
    return Run(run, action.run, person, Budget(ids.new("bu"), accounts.of_run(run), pico, Period.TOTAL))


def going_on(connection: Connection, now: datetime, person: str | None = None) -> list[Account]:
    """The accounts of runs whose key works: of all, or of one person's."""
    key, account = tables.KEY.c, tables.ACCOUNT.c
    works = (key.run.is_not(None), key.ended.is_(None), key.expires > stamp(now))
    wanted = select(account.id, account.parent, account.name).where(account.id == "run:" + key.run, *works)
    if person is not None:
        wanted = wanted.where(key.person == person)
    return [Account(row.id, Kind.RUN, row.parent, row.name or "") for row in connection.execute(wanted)]


def over(connection: Connection, now: datetime) -> list[tuple[str, str]]:
    """Runs that are over and were not ended yet, each as its account and its budget: their key ended or expired, or all of
    their budget is spent.
    """
    key, budget, lease = tables.KEY.c, tables.BUDGET.c, tables.LEASE.c
    spent = select(func.sum(lease.spent)).where(lease.budget == budget.id).scalar_subquery()
    wanted = select(budget.account, budget.id).where(
        budget.account == "run:" + key.run,
        budget.ended.is_(None),
        or_(key.ended.is_not(None), key.expires <= stamp(now), spent >= budget.amount),
    )
    return [(row.account, row.id) for row in connection.execute(wanted)]


def ended(over: Sequence[tuple[str, str]], now: datetime) -> Rows:
    """Rows: these runs are over. Their keys open nothing any more, and what they spent stays in the books."""
    keys, budgets = tables.KEY.c, tables.BUDGET.c
    runs = [account.removeprefix("run:") for account, _ in over]

    def rows(connection: Connection) -> None:
        at = {"ended": stamp(now)}
        connection.execute(update(tables.KEY).where(keys.run.in_(runs), keys.ended.is_(None)).values(at))
        connection.execute(update(tables.BUDGET).where(budgets.id.in_([budget for _, budget in over])).values(at))

    return rows
