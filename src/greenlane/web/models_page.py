"""Models: which names lead where, who serves them, who may use what, and keys of one's own for calling them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import Route

from greenlane.gateway import accounts
from greenlane.gateway import queries as gateway
from greenlane.gateway.alerts import queries
from greenlane.gateway.app_spans.queries import around
from greenlane.gateway.prices.money import dollars
from greenlane.gateway.queries import AccountRules, DataRule, Price
from greenlane.gateway.swapping.plan import written
from greenlane.identity import queries as identity
from greenlane.insights import budgets, model_alarms, seeing_calls
from greenlane.web import wording
from greenlane.web.asked import Asked
from greenlane.web.site import Site

KINDS = {
    "openai": "OpenAI",
    "anthropic": "Anthropic",
    "gemini": "Google Gemini",
    "azure": "Azure OpenAI",
    "openrouter": "OpenRouter",
    "compatible": "Speaks as OpenAI does",
}
"""Kinds of providers, in words."""
WIRES = {
    "openai": ("OpenAI’s library", "/ai/openai/v1"),
    "anthropic": ("Anthropic’s library", "/ai/anthropic"),
    "gemini": ("Google’s library for Gemini", "/ai/gemini"),
}
"""The wires that callers speak: in words, and where each is served on the console's host."""
ACTIONS = {
    "allow": "Goes out as it is",
    "mask": "Is hidden before it goes out",
    "ask": "Waits until a person agrees",
    "refuse": "Does not go out",
}
"""What happens with data of a class, in words."""
SETTINGS = {
    "amber": "Goes through, with twice the provider’s dearest price set aside",
    "closed": "Is refused",
}
"""What happens with a model that has no price."""


AROUND = timedelta(days=14)
"""How far back the page looks for models that were called around the platform."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A name, and where it leads in words; ``change`` is the form that changes it, filled."""

    alias: str
    leads: str
    otherwise: str
    timeout: int
    when_spent: str
    targets: tuple[str, ...]
    spare: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for somebody: whose it is, and each limit as a sentence."""

    whose: str
    says: tuple[str, ...]


def routes(site: Site) -> list[Route]:
    """One page."""
    return [site.page("/models", models_page)]


def models_page(at: Asked) -> Response:
    """What is set up, for everybody to read; with the buttons of those who may change it."""
    keeper = at.has_somewhere("add-provider")
    with at.read() as connection:
        alerts = queries.alerts(connection, at.me.person, at.house.clock.now())
        providers = gateway.providers(connection)
        leads = [lead(one) for one in gateway.routes(connection)]
        rules = [
            Rule(wording.capital(accounts.words(connection, account)), _limits(one))
            for account, one in gateway.account_rules(connection).items()
            if sees_account(at, connection, account)
        ]
        usual = gateway.usual(connection)
        data = gateway.data_rules(connection)
        prices = gateway.prices(connection)
        settings = gateway.settings(connection)
        now = at.house.clock.now()
        sight = seeing_calls.seen(connection, at.me.person, at.now)
        passed_by = around(connection, now, since=now - AROUND, seen=sight)
        names = identity.names(connection, {one.person for one in passed_by if one.person})
        recounts = at.may(connection, "read-all-model-calls", "organisation")
        keys = gateway.keys(connection, person=at.me.person)
        runs = accounts.names_of_runs(connection, {one.run for one in keys if one.run})
    return at.page(
        "models/models.html",
        providers=providers,
        leads=leads,
        rules=[one for one in rules if one.says],
        kinds=KINDS,
        wires=WIRES,
        actions=ACTIONS,
        unpriced=SETTINGS,
        keeper=keeper,
        recounts=recounts,
        alarms=model_alarms.alarms(alerts, keeper=keeper),
        passed_by=passed_by,
        names=names,
        usual=usual,
        rules_data=[(one, _goes(one)) for one in data],
        own_prices=[(one, _price(one)) for one in prices],
        settings=settings,
        keys=keys,
        runs=runs,
    )


def lead(route: gateway.Route) -> Lead:
    """A route in words: ``3 of 4 calls to gpt-5-mini of openai, 1 of 4 to …``."""
    targets, otherwise = route.targets, route.otherwise
    total = sum(one.weight for one in targets)
    said = [
        f"{one.model} of {one.provider}"
        if len(targets) == 1
        else f"{one.weight} of {total} calls to {one.model} of {one.provider}"
        for one in targets
    ]
    return Lead(
        route.alias,
        ", ".join(said),
        ", then ".join(f"{one.model} of {one.provider}" for one in otherwise),
        route.timeout,
        route.when_spent,
        tuple(written(one) for one in targets),
        tuple(written(one) for one in otherwise),
    )


def sees_account(at: Asked, connection: Connection, account: str) -> bool:
    """Whether what holds for an account is this reader's to see: their own, of what they read, of everybody."""
    kind, _, name = account.partition(":")
    if kind == "run":
        kind, name = "person", accounts.person_of_run(connection, account)
    if kind == "person":
        return name == at.me.person or at.may(connection, "read-all-receipts", "organisation")
    return at.may(connection, "read-receipts", budgets.subject(account)) or account == accounts.ORGANISATION


def _limits(one: AccountRules) -> tuple[str, ...]:
    said = []
    if one.models is not None:
        said.append(f"Only models that match {', '.join(one.models)}" if one.models else "No model at all")
    if one.requests:
        said.append(f"{wording.plural(one.requests, 'call')} a minute")
    if one.tokens:
        said.append(f"{wording.plural(one.tokens, 'token')} a minute")
    if one.hidden:
        said.append(f"{dollars(one.hidden)} set aside for a call that uses tools or state at the provider")
    return tuple(said)


def _goes(one: DataRule) -> str:
    said = ACTIONS[one.action]
    if one.regions is not None:
        said += f", and only to {', '.join(one.regions)}"
    return f"{said}, and only to providers that keep nothing" if one.keeps_nothing else said


def _price(one: Price) -> str:
    words: Mapping[str, str] = {
        "input": "read",
        "output": "written",
        "cache_read": "read from a cache",
        "cache_write": "put into a cache",
        "reasoning": "thought",
    }
    return ", ".join(f"{dollars(pico * 1_000_000)} {words.get(kind, kind)}" for kind, pico in one.prices.items())
