"""Small budgets that everybody gets: an app's staging, its previews together, and each person's own work, where nobody set
another one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from greenlane.gateway import accounts
from greenlane.gateway.budgets.account import EVERYBODYS, Account, Budget, Kind
from greenlane.gateway.budgets.period import Period
from greenlane.gateway.queries.setup import Settings
from greenlane.kit import digest


def identity(account: str) -> str:
    """The id of an account's small budget."""
    return EVERYBODYS + digest.bare(digest.of(account))[:32]


def wanted(of: Iterable[Account], known: Mapping[str, Budget], settings: Settings) -> dict[str, Budget]:
    """The small budgets that have to hold, by id, beside those that are ``known``."""
    own = {one.account for one in known.values() if not one.id.startswith(EVERYBODYS)}
    found: dict[str, Budget] = {}
    for one in of:
        amount = _amount(one, settings)
        if amount is not None and one.id not in own:
            budget = Budget(identity(one.id), one.id, amount, Period.DAY)
            found[budget.id] = budget
    return found


def _amount(account: Account, settings: Settings) -> int | None:
    if account.kind is Kind.PERSON:
        return settings.people
    if account.kind is not Kind.ENVIRONMENT:
        return None
    environment = account.id.rpartition("/")[2]
    return {"preview": settings.previews, "staging": settings.staging}.get(environment)


def accounts_with_one(of: Iterable[Account], keyed: Collection[str]) -> list[Account]:
    """Those of some accounts that may have a small budget: staging and previews of apps, and people who have a key."""
    theirs = {accounts.of_person(one) for one in keyed}
    return [one for one in of if one.id in theirs or one.id.endswith(("/preview", "/staging"))]
