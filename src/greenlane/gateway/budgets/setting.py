"""The rows of accounts and budgets: what an effect hands to the ledger's writer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from greenlane.gateway import tables
from greenlane.gateway.budgets.account import Account, Budget
from greenlane.govern.errors import WrongInput
from greenlane.kit.clock import stamp


def put_accounts(connection: Connection, accounts: Iterable[Account], now: datetime) -> None:
    """Make accounts known, parents first. One that is known keeps its kind and spends for the parent that is said now."""
    for one in accounts:
        moved = update(tables.ACCOUNT).where(tables.ACCOUNT.c.id == one.id).values(parent=one.parent)
        if connection.execute(moved).rowcount == 0:
            row = {"id": one.id, "kind": one.kind.value, "parent": one.parent, "name": one.name or None}
            row["created"] = stamp(now)
            connection.execute(insert(tables.ACCOUNT).values(row))


def put_budget(connection: Connection, budget: Budget, action: str, now: datetime) -> None:
    """Set a budget, or another amount for one that is set: what was spent in this period stays spent.

    WrongInput for another period or time zone: what was spent in a month says nothing about a day. Its account has to be
    known.
    """
    known = connection.execute(select(tables.BUDGET).where(tables.BUDGET.c.id == budget.id)).one_or_none()
    values = {
        "amount": budget.amount,
        "hard": budget.hard,
        "instead": budget.instead or None,
        "action": action,
        "ended": None,
    }
    fixed = {"account": budget.account, "period": budget.period.value, "zone": budget.zone}
    if known is None:
        connection.execute(insert(tables.BUDGET).values(**fixed, **values, id=budget.id, created=stamp(now)))
        return
    if any(getattr(known, name) != value for name, value in fixed.items()):
        raise WrongInput(
            "A budget keeps its account, its period and its time zone.",
            next_step="End this budget and set another one beside it.",
        )
    connection.execute(update(tables.BUDGET).where(tables.BUDGET.c.id == budget.id).values(values))


def end_budget(connection: Connection, budget: str, action: str, now: datetime) -> None:
    """A budget holds no longer. Its books stay, and setting it again in the same period goes on with them."""
    gone = update(tables.BUDGET).where(tables.BUDGET.c.id == budget, tables.BUDGET.c.ended.is_(None))
    connection.execute(gone.values(ended=stamp(now), action=action))
