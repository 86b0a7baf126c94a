"""Runs of agents: each has an account of its own inside its person's, with one hard budget, and ends by itself.

A run has a key of its own, or it is a grant that money was lent with: then its id is the grant's, it is called as the
agent is, and every agent of a chain spends from it. That one ends with the grant, and not when its budget is spent: who
calls then hears so, and the grant is good for other things.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select, update

from greenlane.gateway import accounts, tables
from greenlane.gateway.actions import MakeGatewayKey
from greenlane.gateway.budgets.account import GRANT, Account, Budget, Kind
from greenlane.gateway.budgets.period import Period
from greenlane.gateway.budgets.setting import put_accounts, put_budget
from greenlane.gateway.prices import money
from greenlane.govern.effect import Context, Edge, Rows
from greenlane.identity.delegation import spending
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


def lent(grant: str, person: str, agent: str, pico: int, context: Context) -> tuple[Edge, Rows]:
    """The run that a grant with money is: its budget as what was made, and its rows. Raises ``WrongInput``."""
    run = Run(grant, agent, person, Budget(ids.new("bu"), accounts.of_run(grant), pico, Period.TOTAL))

    def rows(connection: Connection) -> None:
        put_accounts(connection, run.accounts(connection), context.now)
        put_budget(connection, run.budget, context.action_id, context.now)

    return Edge("budget", run.budget.id), rows


def of_grants(connection: Connection, person: str | None = None) -> list[Account]:
    """The accounts of grants whose budget holds: of all, or of those that one person gave."""
    account, budget = tables.ACCOUNT.c, tables.BUDGET.c
    wanted = select(account.id, account.parent, account.name).where(
        account.id == budget.account,
        account.id.startswith(accounts.of_run(GRANT), autoescape=True),
        budget.ended.is_(None),
    )
    if person is not None:
        wanted = wanted.where(account.parent == accounts.of_person(person))
    return [Account(row.id, Kind.RUN, row.parent, row.name or "") for row in connection.execute(wanted)]


def spent(connection: Connection, runs: Collection[str]) -> dict[str, int]:
    """What these runs spent, by their ids, in pico-dollars; those that have a budget alone."""
    budget, lease = tables.BUDGET.c, tables.LEASE.c
    books = tables.BUDGET.outerjoin(tables.LEASE, lease.budget == budget.id)
    wanted = select(budget.account, func.sum(lease.spent)).select_from(books).group_by(budget.account)
    rows = connection.execute(wanted.where(budget.account.in_([accounts.of_run(one) for one in runs])))
    return {account.removeprefix("run:"): int(pico or 0) for account, pico in rows}


def going_on(connection: Connection, now: datetime, person: str | None = None) -> list[Account]:
    """The accounts of runs whose key works, and of grants with money: of all, or of one person's."""
    key, account = tables.KEY.c, tables.ACCOUNT.c
    works = (key.run.is_not(None), key.ended.is_(None), key.expires > stamp(now))
    wanted = select(account.id, account.parent, account.name).where(account.id == "run:" + key.run, *works)
    if person is not None:
        wanted = wanted.where(key.person == person)
    with_keys = [Account(row.id, Kind.RUN, row.parent, row.name or "") for row in connection.execute(wanted)]
    return [*with_keys, *of_grants(connection, person)]


def over(connection: Connection, now: datetime) -> list[tuple[str, str]]:
    """Runs that are over and were not ended yet, each as its account and its budget: their key ended or expired, all of
    their budget is spent, or the grant is over.
    """
    key, budget, lease = tables.KEY.c, tables.BUDGET.c, tables.LEASE.c
    spent = select(func.sum(lease.spent)).where(lease.budget == budget.id).scalar_subquery()
    wanted = select(budget.account, budget.id).where(
        budget.account == "run:" + key.run,
        budget.ended.is_(None),
        or_(key.ended.is_not(None), key.expires <= stamp(now), spent >= budget.amount),
    )
    return [*((row.account, row.id) for row in connection.execute(wanted)), *_of_grants_over(connection, now)]


def _of_grants_over(connection: Connection, now: datetime) -> list[tuple[str, str]]:
    budget = tables.BUDGET.c
    begun = select(budget.account, budget.id).where(
        budget.account.startswith(accounts.of_run(GRANT), autoescape=True), budget.ended.is_(None)
    )
    rows = connection.execute(begun).all()
    last = spending.lasting(connection, [row.account.removeprefix("run:") for row in rows], now)
    return [(row.account, row.id) for row in rows if row.account.removeprefix("run:") not in last]


def ended(over: Sequence[tuple[str, str]], now: datetime) -> Rows:
    """Rows: these runs are over. Their keys open nothing any more, and what they spent stays in the books."""
    keys, budgets = tables.KEY.c, tables.BUDGET.c
    runs = [account.removeprefix("run:") for account, _ in over]

    def rows(connection: Connection) -> None:
        at = {"ended": stamp(now)}
        connection.execute(update(tables.KEY).where(keys.run.in_(runs), keys.ended.is_(None)).values(at))
        connection.execute(update(tables.BUDGET).where(budgets.id.in_([budget for _, budget in over])).values(at))

    return rows
