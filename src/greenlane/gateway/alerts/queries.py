"""Alerts as people see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from greenlane.gateway import tables
from greenlane.gateway.alerts.tables import ALERT
from greenlane.govern.errors import NotFound
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.kit.clock import stamp

MOST = 200
"""Alerts that are shown at most, the newest first."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that people were told. ``people`` are the ids of those whom it reached; ``account`` is whose budget."""

    id: str
    what: str
    about: str
    account: str
    says: str
    people: tuple[str, ...]
    at: str
    until: str


def alerts(connection: Connection, person: str, now: datetime) -> list[Alert]:
    """What holds now, nobody dismissed, and concerns somebody: what reached them; of those who keep the platform, all."""
    holds = or_(ALERT.c.until == "", ALERT.c.until > stamp(now))
    found = select(ALERT).where(ALERT.c.dismissed == "", holds).order_by(ALERT.c.at.desc(), ALERT.c.id)
    every = person in keepers(connection)
    rows = [row for row in connection.execute(found) if every or person in row.people]
    rows = [row for row in rows if _holds(connection, row)]
    return [
        Alert(row.id, row.what, row.about, row.account, row.says, tuple(row.people), row.at, row.until)
        for row in rows[:MOST]
    ]


def _holds(connection: Connection, row: Row[Any]) -> bool:
    """Whether it is still so: not where the budget was changed since, the key was ended, or a price was set."""
    match row.what:
        case "credential-refused":
            key, which = tables.CREDENTIAL.c, row.about.partition("/")[2]
            return connection.scalar(select(key.id).where(key.id == which, key.ended.is_(None))) is not None
        case "provider-rests":
            return (
                connection.scalar(select(tables.PROVIDER.c.name).where(tables.PROVIDER.c.name == row.about)) is not None
            )
        case "unpriced":
            price, (provider, _, model) = tables.PRICE.c, row.about.partition("/")
            return (
                connection.scalar(select(price.since).where(price.provider == provider, price.model == model)) is None
            )
    budget = tables.BUDGET.c
    amount = connection.scalar(select(budget.amount).where(budget.id == row.about, budget.ended.is_(None)))
    return bool(amount == row.amount)


def check(connection: Connection, alert: str, person: str) -> None:
    """Raise ``NotFound`` for an alert that there is not, or that is not this person's to dismiss."""
    people = connection.scalar(select(ALERT.c.people).where(ALERT.c.id == alert))
    if people is None or (person not in people and person not in keepers(connection)):
        raise NotFound(f"There is no alert {alert} for you.", next_step="`greenlane gateway alerts` shows yours.")


def keepers(connection: Connection) -> frozenset[str]:
    """Those who keep the platform."""
    return identity.people_with(connection, roles.KEEPERS, (identity.ORGANISATION,))
