"""Whose money it is: accounts in a tree, and the budgets that hang on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from greenlane.gateway.budgets.period import Period
from greenlane.gateway.prices.money import PICO
from greenlane.govern.errors import WrongInput

MOST = 9_000_000 * PICO
"""The largest budget of one period, in pico-dollars: what fits into 64 bits together with what is leased."""


EVERYBODYS = "bd_"
"""How the ids of those small budgets begin that everybody gets."""


GRANT = "dlg_"
"""How the ids of runs begin that are grants."""


class Kind(StrEnum):
    """What can have a budget."""

    ORGANISATION = "organisation"
    TEAM = "team"
    APP = "app"
    ENVIRONMENT = "environment"
    PERSON = "person"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody or something that spends; ``parent`` is the account that it spends for, None for the organisation.

    ``name`` is what people call it, where nothing else knows that: a run of an agent.
    """

    id: str
    kind: Kind
    parent: str | None = None
    name: str = ""


def is_grant(run: str) -> bool:
    """Whether a run is a grant that money was lent with: then its id is the grant's."""
    return run.startswith(GRANT)


def words(account: str) -> str:
    """An account as a caller reads it, who knows no ids: ``staging of vendor-board``, ``this team``, ``everybody together``."""
    kind, _, name = account.partition(":")
    match kind:
        case Kind.APP:
            return name
        case Kind.ENVIRONMENT:
            app, _, environment = name.partition("/")
            return f"{'previews' if environment == 'preview' else environment} of {app}"
        case Kind.ORGANISATION:
            return "everybody together"
    return "this grant" if kind == Kind.RUN and is_grant(name) else f"this {kind}"


@dataclass(frozen=True, slots=True)
class Budget:
    """``amount`` pico-dollars for an account in each period of its time zone.

    A hard budget stops new calls when it is spent; a soft one only says so. An account may have several: so much a month,
    and no more than so much a day. ``instead`` is the name that calls go on with once a soft one is spent, whatever model
    they named; empty for what they asked for.
    """

    id: str
    account: str
    amount: int
    period: Period
    zone: str = "UTC"
    hard: bool = True
    instead: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.amount <= MOST:
            raise WrongInput(
                "A budget is between nothing and 9,000,000 dollars for one period.",
                next_step="Say a smaller amount, or choose a shorter period.",
                field="amount",
            )


class Accounts:
    """The tree, with the budgets of each account. Unknown accounts have none, and no parent."""

    def __init__(self, accounts: Iterable[Account], budgets: Iterable[Budget]) -> None:
        self._parents = {one.id: one.parent for one in accounts}
        self._budgets: dict[str, list[Budget]] = {}
        for one in budgets:
            self._budgets.setdefault(one.account, []).append(one)

    def concerned(self, *spenders: str) -> tuple[Budget, ...]:
        """Every budget that a call of these accounts spends from, the nearest first, each once.

        A call has several spenders: its environment, the person it serves, the agent's run it belongs to.
        """
        return tuple(budget for account in self.chain(*spenders) for budget in self._budgets.get(account, ()))

    def chain(self, *spenders: str) -> tuple[str, ...]:
        """These accounts and every one above them, the nearest first, each once."""
        seen: dict[str, None] = {}
        for spender in spenders:
            at: str | None = spender
            while at is not None and at not in seen:
                seen[at] = None
                at = self._parents.get(at)
        return tuple(seen)
