"""Swapping one provider for another, rehearsed on the calls of the last days: what it changes and what it would have cost."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from greenlane.gateway import accounts
from greenlane.gateway import queries as gateway
from greenlane.gateway import routes as routing
from greenlane.gateway.prices.table import Override
from greenlane.gateway.prices.table import Table as Prices
from greenlane.gateway.queries import Call, Filter
from greenlane.gateway.routes import Route, Table
from greenlane.gateway.swapping import plan
from greenlane.gateway.swapping.plan import Swap
from greenlane.gateway.upstream.kinds import KINDS, spoken
from greenlane.gateway.usage import Usage
from greenlane.gateway.wires.translating import TRANSLATED as WIRES_TRANSLATED
from greenlane.insights.dry_run import AS_IT_IS, NOT_CARRIED, TRANSLATED, DryRun, Recorded, dry_run
from greenlane.kit.clock import parse

MOST = 10_000
"""Calls that a dry run looks at: the newest. It routes and prices each of them."""


@dataclass(frozen=True, slots=True)
class Changing:
    """One route before and after the swap; ``before`` is None where the name leads nowhere of its own."""

    name: str
    before: Route | None
    after: Route


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A swap, rehearsed. ``lines`` are what the verb ``set-routes`` is given; ``more``: there were calls beyond ``MOST``.

    ``unmoved`` are models that were served by the provider and have no counterpart, with their calls.
    """

    changes: tuple[Changing, ...]
    lines: tuple[str, ...]
    run: DryRun
    more: bool
    unmoved: tuple[tuple[str, int], ...]


def used(connection: Connection, provider: str, now: datetime, days: int) -> list[tuple[str, int, int]]:
    """The models of a provider that served calls lately: name, calls, and pico-dollars; the dearest first."""
    which = Filter(since=_since(now, days), provider=provider)
    return [(one.name, one.calls, one.pico) for one in gateway.spend(connection, "model", which) if one.calls]


def led_to(connection: Connection, provider: str) -> list[str]:
    """The models of a provider that some name leads to first."""
    targets = (target for one in gateway.routes(connection) for target in one.targets)
    return list(dict.fromkeys(one.model for one in targets if one.provider == provider))


def counterpart(connection: Connection, instead: str, model: str, prices: Prices) -> str:
    """The same model at the new provider, where the price list knows one of that name there; else nothing."""
    there = gateway.provider(connection, instead)
    known = with_own(connection, prices).model(there.prices or instead, model)
    return model if known is not None and known.name.lower() == model.lower() else ""


def rehearse(connection: Connection, swap: Swap, prices: Prices, now: datetime, days: int) -> Rehearsed:
    """What a swap changes from now on, and what the calls of the last ``days`` would have cost with it."""
    table = table_of(connection)
    calls = gateway.calls(connection, Filter(since=_since(now, days), provider=swap.provider), limit=MOST + 1)
    newest = [one for one in calls[:MOST] if one.state == "settled"]
    asked = list(dict.fromkeys((one.wire, one.asked) for one in newest))
    changed = plan.swapped(table, swap, asked)
    after = plan.with_routes(table, changed)
    found = dry_run(
        (_recorded(one) for one in newest),
        table,
        after,
        _pricing(connection, prices, now),
        carrying({one.name: spoken(KINDS[one.kind], responses=one.responses) for one in gateway.providers(connection)}),
    )
    unmoved: dict[str, int] = {}
    for one in newest:
        if one.model not in swap.models:
            unmoved[one.model] = unmoved.get(one.model, 0) + 1
    changes = tuple(Changing(name, table.routes.get(name), route) for name, route in sorted(changed.items()))
    lines = tuple(plan.line(name, route) for name, route in sorted(changed.items()))
    return Rehearsed(changes, lines, found, len(calls) > MOST, tuple(sorted(unmoved.items(), key=lambda one: -one[1])))


def table_of(connection: Connection) -> Table:
    """What routing knows, as it is set now."""
    return Table(
        providers={
            one.name: routing.Provider(one.name, one.region, one.keeps_nothing, one.on)
            for one in gateway.providers(connection)
        },
        routes={one.alias: Route(one.targets, one.otherwise) for one in gateway.routes(connection)},
        usual=gateway.usual(connection),
        allowed={
            account: one.models for account, one in gateway.account_rules(connection).items() if one.models is not None
        },
        rules={
            one.data: routing.DataRule(None if one.regions is None else frozenset(one.regions), one.keeps_nothing)
            for one in gateway.data_rules(connection)
        },
    )


def carrying(wires: Mapping[str, Collection[str]]) -> Callable[[str, str], str]:
    """How a provider is given a call of a wire, by the wires that each speaks."""

    def carry(provider: str, wire: str) -> str:
        spoken_there = wires.get(provider)
        if spoken_there is None:
            return NOT_CARRIED
        if wire in spoken_there:
            return AS_IT_IS
        return TRANSLATED if wire in WIRES_TRANSLATED else NOT_CARRIED

    return carry


def with_own(connection: Connection, prices: Prices) -> Prices:
    """The list under the prices that administrators set."""
    own = gateway.prices(connection)
    if not own:
        return prices
    return prices.overriding(
        Override(one.provider, one.model, one.prices, date.fromisoformat(one.since)) for one in own
    )


def _pricing(
    connection: Connection, prices: Prices, now: datetime
) -> Callable[[str, str, Usage, datetime], int | None]:
    """Prices as they are now, whenever a call was: what a swap will cost, and not what it would have cost in spring."""
    listed = {one.name: one.prices or one.name for one in gateway.providers(connection)}
    own = {(one.provider, one.model.lower()) for one in gateway.prices(connection)}
    table = with_own(connection, prices)

    def price(provider: str, model: str, usage: Usage, _at: datetime) -> int | None:
        name = provider if (provider, model.lower()) in own else listed.get(provider, provider)
        found = table.price(name, model, usage, now)
        return None if found is None else found.pico

    return price


def _recorded(one: Call) -> Recorded:
    spenders = [accounts.ORGANISATION]
    if one.app:
        spenders = [accounts.of_environment(one.app, one.environment), accounts.of_app(one.app), *spenders]
    if one.person:
        spenders = [accounts.of_person(one.person), *spenders]
    if one.team:
        spenders = [accounts.of_team(one.team), *spenders]
    said = one.ended.get("usage") or {}
    usage = Usage(**{kind: number for kind, number in said.items() if kind in Usage.__dataclass_fields__})
    call = routing.Call(one.id, one.wire, one.asked, tuple(spenders), frozenset(one.begun.get("data") or ()))
    return Recorded(call, parse(one.at), one.provider, one.model, usage, one.pico)


def _since(now: datetime, days: int) -> str:
    return (now - timedelta(days=days - 1)).date().isoformat()
