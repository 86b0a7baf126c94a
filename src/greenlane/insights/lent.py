"""What somebody lends agents at this moment, with what that has cost so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from greenlane.gateway import runs
from greenlane.identity.delegation import queries as lending
from greenlane.identity.delegation.queries import Delegation
from greenlane.kit.money import dollars


@dataclass(frozen=True, slots=True)
class Lent:
    """A grant, and what model calls under it have cost, in pico-dollars: known a second or two after a call."""

    grant: Delegation
    spent: int

    @property
    def short(self) -> str:
        """What it has spent, for a table: ``$1.20 of $5.00``."""
        return f"{dollars(self.spent)} of {dollars(self.grant.money)}" if self.grant.money else "none"

    @property
    def says(self) -> str:
        """The same as a sentence."""
        money, left = self.grant.money, self.grant.money - self.spent
        if not money:
            return "You lent it no money, so it calls no models."
        if left <= 0:
            return f"It has spent all of its {dollars(money)} on model calls, and calls no more."
        if not self.spent:
            return f"It has spent nothing of its {dollars(money)} for model calls so far."
        return f"It has spent {dollars(self.spent)} of {dollars(money)} on model calls. {dollars(left)} is left."


def lent_by(connection: Connection, person: str, now: datetime) -> list[Lent]:
    """What a person lends, the newest first."""
    grants = lending.delegations_of(connection, person, now)
    spent = runs.spent(connection, [one.id for one in grants if one.money])
    return [Lent(one, spent.get(one.id, 0)) for one in grants]
