"""One provider instead of another: which routes change, to what, and how a route is written in one line.

A swap touches nothing but routes. What leads to the one leads to the other afterwards, model for model; a model that nobody
said a counterpart for stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from greenlane.gateway import names
from greenlane.gateway.routes import Route, Table, Target
from greenlane.govern.errors import WrongInput

ELSE = "else"
"""Between the targets of a route and those that are tried where they fail. No target is written like that."""
MOST_WORDS = 64
"""Words of a line that are read."""


@dataclass(frozen=True, slots=True)
class Swap:
    """``instead`` of ``provider``. ``models`` says which model there takes the place of which one here.

    ``keep``: where the new one fails, the old one is tried, so that nothing stands still because of a swap. Raises
    ``WrongInput`` for what is no model's name.
    """

    provider: str
    instead: str
    models: Mapping[str, str]
    keep: bool = True

    def __post_init__(self) -> None:
        for model in self.models.values():
            names.check_model(model)


def swapped(table: Table, swap: Swap, asked: Iterable[tuple[str, str]]) -> dict[str, Route]:
    """Every route that changes, by alias or model in small letters, as it is after the swap.

    ``asked`` are the names that callers used, each with its wire; those that lead to the provider without a route of
    their own get one.
    """
    changed: dict[str, Route] = {}
    for name, route in table.routes.items():
        after = _changed(route, swap)
        if after != route:
            changed[name] = after
    by_name = {model.lower(): model for model in swap.models}
    for wire, name in asked:
        low = name.lower()
        if low in table.routes or low in changed:
            continue
        model = by_name.get(_meant(wire, name, swap.provider, table).lower())
        if model is not None:
            changed[low] = _changed(Route((Target(swap.provider, model),)), swap)
    return changed


def with_routes(table: Table, changed: Mapping[str, Route]) -> Table:
    """The table after these routes changed."""
    return replace(table, routes={**table.routes, **changed})


def _meant(wire: str, name: str, provider: str, table: Table) -> str:
    """The model of the provider that a name without a route means, empty where it means one of another provider."""
    first, slash, rest = name.partition("/")
    if slash and first in table.providers:
        return rest if first == provider else ""
    return name if table.usual.get(wire.partition("-")[0]) == provider else ""


def _changed(route: Route, swap: Swap) -> Route:
    moved = [one for one in route.targets if _moves(one, swap)]
    if not moved and (swap.keep or not any(_moves(one, swap) for one in route.otherwise)):
        return route
    targets = _together(_moved(one, swap) for one in route.targets)
    kept = [replace(one, weight=1) for one in moved] if swap.keep else []
    spare = route.otherwise if swap.keep else tuple(_moved(one, swap) for one in route.otherwise)
    served = {(one.provider, one.model) for one in targets}
    otherwise = [one for one in (*kept, *spare) if (one.provider, one.model) not in served]
    return Route(targets, _together(otherwise))


def _moves(target: Target, swap: Swap) -> bool:
    return target.provider == swap.provider and target.model in swap.models


def _moved(target: Target, swap: Swap) -> Target:
    return Target(swap.instead, swap.models[target.model], target.weight) if _moves(target, swap) else target


def _together(targets: Iterable[Target]) -> tuple[Target, ...]:
    """Each model of a provider once, with all the weight that leads to it."""
    weights: dict[tuple[str, str], int] = {}
    for one in targets:
        weights[one.provider, one.model] = weights.get((one.provider, one.model), 0) + one.weight
    return tuple(Target(provider, model, weight) for (provider, model), weight in weights.items())


def line(name: str, route: Route | None) -> str:
    """A route as an action holds it: ``fast openai/gpt-5-mini=3 azure/gpt-5-mini else anthropic/claude-haiku-4-5``.

    A name alone says that it leads nowhere of its own.
    """
    if route is None:
        return name
    spare = [ELSE, *(f"{one.provider}/{one.model}" for one in route.otherwise)] if route.otherwise else []
    return " ".join([name, *(written(one) for one in route.targets), *spare])


def read(text: str) -> tuple[str, Route | None]:
    """The name and the route of such a line. Raises ``WrongInput``."""
    name, *words = text.split()[:MOST_WORDS] or [""]
    names.check_alias(name)
    if not words:
        return name.lower(), None
    at = words.index(ELSE) if ELSE in words else len(words)
    targets = tuple(names.target(one) for one in words[:at])
    spare = tuple(replace(names.target(one), weight=1) for one in words[at + 1 :])
    if not targets:
        raise WrongInput("A route leads somewhere.", next_step=f"Name a provider/model before {ELSE}.", field="routes")
    return name.lower(), Route(targets, spare)


def written(one: Target) -> str:
    """A target as verbs take it: ``openai/gpt-5-mini``, and ``openai/gpt-5-mini=3`` for three parts of the calls."""
    return f"{one.provider}/{one.model}" + (f"={one.weight}" if one.weight != 1 else "")
