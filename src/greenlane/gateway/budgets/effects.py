"""How budgets, limits, prices and settings are set. Imported by ``main`` alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete

from greenlane.gateway import accounts, queries, tables
from greenlane.gateway.budgets.account import EVERYBODYS, Budget
from greenlane.gateway.budgets.actions import (
    CHOICES,
    NO_BUDGET,
    SIZES,
    EndBudget,
    RemovePrice,
    SetBudget,
    SetHiddenBound,
    SetModelSettings,
    SetPrice,
    SetRateLimit,
)
from greenlane.gateway.budgets.books import read_accounts
from greenlane.gateway.budgets.period import Period
from greenlane.gateway.budgets.setting import end_budget, put_accounts, put_budget
from greenlane.gateway.effects import put, put_rule
from greenlane.gateway.prices import money
from greenlane.gateway.whose import Whose
from greenlane.govern.effect import Context, Edge, Handling, Outcome
from greenlane.govern.errors import NotFound
from greenlane.kit import digest
from greenlane.kit.database import Database

MILLION = 10**6


def handlings(database: Database) -> dict[str, Handling]:
    """The effects by verb."""
    setting = _Setting(database)
    return {
        "set-budget": Handling(setting.set_budget),
        "end-budget": Handling(setting.end_budget),
        "set-rate-limit": Handling(setting.set_rate_limit),
        "set-hidden-bound": Handling(setting.set_hidden_bound),
        "set-price": Handling(setting.set_price),
        "remove-price": Handling(setting.remove_price),
        "set-model-settings": Handling(setting.set_settings),
    }


def budget_id(account: str, period: Period, zone: str) -> str:
    """One budget for an account, a period and a time zone: setting it again is another amount of the same."""
    return "bu_" + digest.bare(digest.of([account, period.value, zone]))[:32]


@dataclass(frozen=True, slots=True)
class _Setting:
    database: Database

    def set_budget(self, action: SetBudget, context: Context) -> Outcome:
        """The amount from now on; what was spent in this period stays spent. Another time zone is another budget."""
        period, pico = Period(action.period), _pico(action.dollars)
        with self.database.read() as connection:
            account = accounts.of(connection, action)
            before = self._own(connection, account, period)
        budget = Budget(
            budget_id(account, period, action.zone),
            account,
            pico,
            period,
            action.zone,
            hard=not action.soft,
            instead=action.then.lower(),
        )

        def rows(connection: Connection) -> None:
            if budget.instead:
                queries.leads_somewhere(connection, budget.instead)
            put_accounts(connection, accounts.towards(connection, account), context.now)
            for one in self._own(connection, account, period):
                if one.id != budget.id:
                    end_budget(connection, one.id, context.action_id, context.now)
            put_budget(connection, budget, context.action_id, context.now)

        return Outcome(
            rows,
            happened={"budget": budget.id, "account": account, "before": _said(before)},
            made=(Edge("budget", budget.id),),
            answer={"budget": budget.id},
        )

    def end_budget(self, action: EndBudget, context: Context) -> Outcome:
        """No such budget from now on. Its books stay."""
        period = Period(action.period)
        with self.database.read() as connection:
            account = accounts.of(connection, action)
            before = self._own(connection, account, period)
        if not before:
            raise NotFound(
                f"No budget by {period} is set there.",
                next_step="`greenlane gateway budget list` shows them all; the small ones that everybody gets are changed with `greenlane gateway settings`.",
            )

        def rows(connection: Connection) -> None:
            for one in before:
                end_budget(connection, one.id, context.action_id, context.now)

        happened = {"budget": before[0].id, "account": account, "before": _said(before)}
        return Outcome(rows, happened=happened, used=(Edge("budget", before[0].id),))

    def set_rate_limit(self, action: SetRateLimit, context: Context) -> Outcome:
        """So much a minute from now on."""
        account, rules = self._rules(action)
        limits = {"requests": action.requests, "tokens": action.tokens}

        def rows(connection: Connection) -> None:
            put_rule(connection, account, "rate", limits if any(limits.values()) else None, context)

        before = {"requests": rules.requests, "tokens": rules.tokens}
        return Outcome(rows, happened={"account": account, "before": before})

    def set_hidden_bound(self, action: SetHiddenBound, context: Context) -> Outcome:
        """So much is reserved for a call that nobody can see through."""
        account, rules = self._rules(action)
        pico = _pico(action.dollars)

        def rows(connection: Connection) -> None:
            put_rule(connection, account, "hidden", pico or None, context)

        return Outcome(rows, happened={"account": account, "before": money.plain(rules.hidden)})

    def set_price(self, action: SetPrice, context: Context) -> Outcome:
        """The price from today on. What was called before keeps the price that it had."""
        kinds = ("input", "output", "cache_read", "cache_write", "reasoning")
        said = {name: text for name in kinds if (text := getattr(action, name))}
        each = {name: -(-_pico(text) // MILLION) for name, text in said.items()}
        with self.database.read() as connection:
            before = _price(connection, action.provider, action.model)

        def rows(connection: Connection) -> None:
            queries.provider(connection, action.provider)
            put(
                connection,
                tables.PRICE,
                {"provider": action.provider, "model": action.model.lower()},
                {"prices": each, "since": context.now.date().isoformat(), "action": context.action_id},
            )

        return Outcome(rows, happened={"provider": action.provider, "model": action.model, "before": _priced(before)})

    def remove_price(self, action: RemovePrice, context: Context) -> Outcome:
        """The list's price again."""
        c = tables.PRICE.c
        with self.database.read() as connection:
            before = _price(connection, action.provider, action.model)

        def rows(connection: Connection) -> None:
            gone = delete(tables.PRICE).where(c.provider == action.provider, c.model == action.model.lower())
            if connection.execute(gone).rowcount != 1:
                raise NotFound(
                    f"No price of {action.model} at {action.provider} was set.",
                    next_step="`greenlane gateway prices` shows those that were.",
                )

        return Outcome(rows, happened={"provider": action.provider, "model": action.model, "before": _priced(before)})

    def set_settings(self, action: SetModelSettings, context: Context) -> Outcome:
        """What was said holds from the next call on."""
        with self.database.read() as connection:
            before = queries.settings(connection)
        said: dict[str, str] = {name: text for name in CHOICES if (text := getattr(action, name))}
        was: dict[str, str] = {name: getattr(before, name) for name in said}
        for name in ("previews", "staging", "people"):
            if text := getattr(action, name):
                said[name] = text if text == NO_BUDGET else str(_pico(text))
                amount = getattr(before, name)
                was[name] = NO_BUDGET if amount is None else money.plain(amount)

        if action.capture_days:
            said["capture_days"], was["capture_days"] = action.capture_days, str(before.capture_days)
        for name in SIZES:
            if text := getattr(action, name):
                said[name] = text
                size = getattr(before, name)
                was[name] = NO_BUDGET if size is None else str(size)

        def rows(connection: Connection) -> None:
            for name, says in said.items():
                put(connection, tables.SETTING, {"name": name}, {"says": says, "action": context.action_id})

        return Outcome(rows, happened={"changed": sorted(said), "before": was})

    @staticmethod
    def _own(connection: Connection, account: str, period: Period) -> list[Budget]:
        """The budgets that somebody set for an account by this period; the small one of everybody's is none of them."""
        budgets, _ = read_accounts(connection)
        mine = [one for one in budgets.values() if (one.account, one.period) == (account, period)]
        return [one for one in mine if not one.id.startswith(EVERYBODYS)]

    def _rules(self, action: Whose) -> tuple[str, queries.AccountRules]:
        with self.database.read() as connection:
            account = accounts.of(connection, action)
            return account, queries.account_rules(connection).get(account, queries.AccountRules(account))


def _pico(text: str) -> int:
    pico = money.parsed(text)
    assert pico is not None, "the action was checked when it was made"
    return pico


def _said(budgets: list[Budget]) -> dict[str, Any] | None:
    """A budget as ``set-budget`` takes it."""
    if not budgets:
        return None
    one = budgets[0]
    return {"dollars": money.plain(one.amount), "period": one.period.value, "zone": one.zone, "soft": not one.hard} | (
        {"then": one.instead} if one.instead else {}
    )


def _price(connection: Connection, provider: str, model: str) -> queries.Price | None:
    found = queries.prices(connection)
    return next((one for one in found if (one.provider, one.model) == (provider, model.lower())), None)


def _priced(price: queries.Price | None) -> dict[str, str] | None:
    """A price as ``set-price`` takes it."""
    return None if price is None else {name: money.plain(pico * MILLION) for name, pico in price.prices.items()}
