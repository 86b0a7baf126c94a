"""Finding what people should be told: what the gateway noticed, and budgets that are spent or nearly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from greenlane.gateway import accounts, tables
from greenlane.gateway.alerts.actions import TellOfModels
from greenlane.gateway.budgets.account import EVERYBODYS, Budget
from greenlane.gateway.budgets.books import read_accounts
from greenlane.gateway.budgets.period import Window, window
from greenlane.gateway.owning import BEYOND, CHEAPER, OF_BUDGETS, REFUSES
from greenlane.gateway.prices.money import dollars
from greenlane.govern.actor import PLATFORM
from greenlane.govern.door import Door
from greenlane.kit.clock import Clock, parse, stamp
from greenlane.kit.database import Database

NEARLY = 80
"""Of a hundred: how much of a budget is spent when people are told that it is nearly spent."""
LOOK_EVERY = timedelta(seconds=5)
"""How often budgets are looked at."""
SHOWN_FOR = {
    "credential-refused": timedelta(days=7),
    "unpriced": timedelta(days=7),
    "provider-rests": timedelta(days=1),
}
"""How long what is no budget is shown, where nobody dismisses it."""
_MOST_KNOWN = 10_000


class Watching:
    """``round`` is to be called each second. The door makes one act of the same thing in the same period, for ever."""

    def __init__(self, door: Door, database: Database, clock: Clock) -> None:
        self._door = door
        self._database = database
        self._clock = clock
        self._told: set[str] = set()
        self._looked: datetime | None = None

    def round(self, notices: Iterable[Mapping[str, Any]]) -> None:
        """Tell of what is new. What cannot be told now is told with the next round."""
        now = self._clock.now()
        found = [_of_provider(one) for one in notices if one["notice"] in SHOWN_FOR]
        if self._looked is None or now - self._looked >= LOOK_EVERY:
            with self._database.read() as connection:
                found += budgets(connection, now, [one for one in notices if one["notice"] in OF_BUDGETS])
            self._looked = now
        for one in found:
            key = f"alert:{one.what}:{one.about}:{one.period}:{one.amount}"
            if key not in self._told:
                self._door.govern(PLATFORM, one, key=key)
                if len(self._told) >= _MOST_KNOWN:
                    self._told.clear()
                self._told.add(key)


def budgets(connection: Connection, now: datetime, noticed: Iterable[Mapping[str, Any]]) -> list[TellOfModels]:
    """What is to be told of budgets in the periods that run, with what was noticed of them."""
    met = {(str(one["notice"]), str(one["about"])): one for one in noticed}
    known, _ = read_accounts(connection)
    windows = {one.id: window(one.period, one.zone, now) for one in known.values()}
    lease = tables.LEASE.c
    since = {stamp(one.since) for one in windows.values()}
    sums = select(lease.budget, lease.since, func.sum(lease.spent).label("spent"))
    rows = connection.execute(sums.where(lease.since.in_(since)).group_by(lease.budget, lease.since))
    spent = {(row.budget, row.since): int(row.spent) for row in rows}
    found = []
    for id, one in known.items():
        within = windows[id]
        used = spent.get((id, stamp(within.since)), 0)
        lately = {name: said for name in OF_BUDGETS if (said := met.get((name, id))) and _in(said, within)}
        kind = _kind(one, used, refuses=bool(lately.keys() & {REFUSES, BEYOND}))
        if kind:
            found.append(_of_budget(connection, kind, one, used, within))
        if CHEAPER in lately:
            found.append(_of_budget(connection, CHEAPER, one, used, within, lately[CHEAPER]))
    return found


def _kind(one: Budget, spent: int, *, refuses: bool) -> str:
    """What is to be told of a budget; empty for nothing. Of the small ones that nobody set, only that they are spent."""
    nearly = spent * 100 >= one.amount * NEARLY
    if spent >= one.amount or refuses:
        return "soft-budget-spent" if not one.hard else "budget-spent" if nearly else "budget-too-small"
    return "budget-nearly-spent" if nearly and not one.id.startswith(EVERYBODYS) else ""


def _in(said: Mapping[str, Any], within: Window) -> bool:
    return parse(str(said["heard"])) >= within.since


def _of_budget(
    connection: Connection, kind: str, one: Budget, spent: int, within: Window, said: Mapping[str, Any] | None = None
) -> TellOfModels:
    told = said or {}
    whose = "one person" if one.account.startswith("person:") else accounts.words(connection, one.account)
    anew = "" if within.until is None else f" It begins anew at {within.until:%Y-%m-%d %H:%M} UTC."
    sums = f"{dollars(spent)} of {dollars(one.amount)}"
    says = {
        "budget-spent": f"The budget of {whose} is spent, {sums}, and calls are refused.{anew}",
        "budget-too-small": "A call could cost more than is left of the budget of "
        f"{whose}, {sums} spent, and was refused.{anew}",
        "soft-budget-spent": f"The soft budget of {whose} is spent, {sums}, and calls go on.{anew}",
        CHEAPER: f"Calls for {told.get('asked')} go on with {told.get('name')}: "
        f"the soft budget of {whose} is spent.{anew}",
        "budget-nearly-spent": f"The budget of {whose} is nearly spent, {sums}.{anew}",
    }[kind]
    until = "" if within.until is None else stamp(within.until)
    return TellOfModels(kind, one.id, stamp(within.since), until, says, one.account, one.amount)


def _of_provider(one: Mapping[str, Any]) -> TellOfModels:
    what, about, heard = str(one["notice"]), str(one["about"]), parse(str(one["heard"]))
    day = heard.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if what == "credential-refused":
        about = f"{one.get('provider', '')}/{about}"
    provider, _, which = about.partition("/")
    says = {
        "credential-refused": f"{provider} refuses the key {which}, with status {one.get('status')}.",
        "provider-rests": f"{about} is in trouble and is tried after all others for a while.",
        "unpriced": f"{which} of {provider} has no price, so twice the dearest one there is set aside.",
    }[what]
    return TellOfModels(what, about, stamp(day), stamp(heard + SHOWN_FOR[what]), says)
