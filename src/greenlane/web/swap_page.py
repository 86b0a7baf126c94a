"""Swapping one provider for another: choose it, rehearse it on the calls of the last days, and do it in one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route

from greenlane.gateway import queries as gateway
from greenlane.gateway import routes as routing
from greenlane.gateway.prices.money import dollars
from greenlane.gateway.swapping.actions import SetRoutes
from greenlane.gateway.swapping.plan import Swap
from greenlane.govern.decision import Decision
from greenlane.govern.errors import WrongInput
from greenlane.insights import swaps, telling
from greenlane.insights.dry_run import DryRun, Moved
from greenlane.insights.swaps import Rehearsed
from greenlane.kit.errors import GreenlaneError
from greenlane.web import models_page, wording
from greenlane.web.asked import Asked
from greenlane.web.site import Site

RANGES = (1, 7, 30)
"""Days of calls that a swap can be rehearsed on."""
USUAL = 7
LONGEST = 200
"""Letters of a model's name."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A model in use, with its calls and cost, and the one that takes its place; empty for none."""

    model: str
    calls: int
    cost: str
    to: str


def routes(site: Site) -> list[Route]:
    """One page."""
    return [site.page("/models/swap", swap_page)]


def swap_page(at: Asked) -> Response:
    """Everything that is chosen is in the address; nothing changes until the button at the end is pressed."""
    provider, instead = at.query("provider"), at.query("instead")
    asked = at.query("days")
    days = int(asked) if asked in {str(one) for one in RANGES} else USUAL
    said = at.request.query_params
    chosen = dict(zip(said.getlist("from"), (one.strip()[:LONGEST] for one in said.getlist("to")), strict=False))
    keep = not chosen or at.query("keep") == "yes"
    error: GreenlaneError | None = None
    found: Rehearsed | None = None
    pairs: list[Pair] = []
    with at.read() as connection:
        at.must(connection, "set-routes")
        there = gateway.providers(connection)
        names = [one.name for one in there]
        # Before anything is chosen the first of one list is not the first of the other: nothing is swapped for itself.
        others = [one for one in names if one != provider] if provider in names else [*names[1:], *names[:1]]
        if provider in names:
            used = swaps.used(connection, provider, at.now, days)
            led = swaps.led_to(connection, provider)
            models = [*used, *((model, 0, 0) for model in led if model not in {name for name, _, _ in used})]
            prices = at.house.prices()
            for model, calls, pico in models:
                guess = swaps.counterpart(connection, instead, model, prices) if instead in others else ""
                pairs.append(Pair(model, calls, dollars(pico), chosen.get(model, guess)))
            wanted = {one.model: one.to for one in pairs if one.to}
            if chosen and instead in others and wanted:
                try:
                    found = swaps.rehearse(connection, Swap(provider, instead, wanted, keep), prices, at.now, days)
                except WrongInput as wrong:
                    error = wrong
    ahead = _ahead(at, found)
    return at.page(
        "models/swap.html",
        provider=provider if provider in names else "",
        instead=instead if instead in others else "",
        names=names,
        others=others,
        days=days,
        ranges=RANGES,
        pairs=pairs,
        keep=keep,
        found=found,
        chosen=bool(chosen),
        error=error,
        ahead=ahead,
        lead=lead(found.run) if found is not None else "",
        moved=[_moved(one) for one in found.run.moved] if found is not None else [],
        changes=[(one.name, _leads(one.before), _leads(one.after)) for one in found.changes]
        if found is not None
        else [],
    )


def lead(run: DryRun) -> str:
    """What a swap would have meant, in a few sentences."""
    if not run.calls:
        return "No call was recorded in these days, so there is nothing to count. The names below change all the same."
    said = f"Of {wording.plural(run.calls, 'call')}, {wording.number(run.moving)} would have gone elsewhere."
    if run.moving:
        more = "more" if run.saved < 0 else "less"
        said += f" They cost {dollars(run.before)} and would have cost {dollars(run.after)}"
        said += f", {dollars(abs(run.saved))} {more}." if run.saved else ", just as much."
    refused = sum(one.calls for one in run.refused)
    if refused:
        said += f" {wording.plural(refused, 'call')} would have been refused."
    unpriced = sum(one.calls for one in run.unpriced)
    if unpriced:
        said += f" {wording.plural(unpriced, 'call')} would have gone to a model without a price."
    return said


@dataclass(frozen=True, slots=True)
class Line:
    """Calls of one model that another would have served, in words."""

    now: str
    then: str
    calls: int
    before: str
    after: str
    note: str


def _moved(one: Moved) -> Line:
    note = "As they are"
    if one.translated:
        note = "Translated" if one.translated == one.calls else f"{wording.number(one.translated)} of them translated"
    return Line(
        f"{one.model} of {one.provider}",
        f"{one.to_model} of {one.to_provider}",
        one.calls,
        dollars(one.before),
        dollars(one.after),
        note,
    )


def _leads(route: routing.Route | None) -> str:
    """A route in words."""
    if route is None:
        return "The usual provider"
    told = models_page.lead(gateway.Route("", route.targets, route.otherwise))
    return f"{told.leads}; where that fails, {told.otherwise}" if told.otherwise else told.leads


def _ahead(at: Asked, found: Rehearsed | None) -> tuple[Decision, Sequence[object]] | None:
    """What would be decided about the swap, and why; None while there is nothing to decide."""
    if found is None or not found.lines:
        return None
    facts, decision = at.explain(SetRoutes(found.lines))
    return decision, telling.reasons(facts, decision)
