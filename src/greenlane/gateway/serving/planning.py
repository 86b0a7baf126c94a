"""Making the candidates of a route ready: on which wire, with which body, at which rates, at most at which cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from greenlane.gateway import bounds, routes
from greenlane.gateway.bounds import Bound, Unbounded
from greenlane.gateway.prices.rates import Rates
from greenlane.gateway.routes import Candidate, Found
from greenlane.gateway.serving.paths import Way
from greenlane.gateway.serving.refusals import NotLetThrough
from greenlane.gateway.serving.standing import Provider, Standing
from greenlane.gateway.wires.asked import Asked
from greenlane.gateway.wires.refused import Untranslatable
from greenlane.gateway.wires.translating import TRANSLATED, translate_request

MOST_TRIED = 4
"""Candidates that one call may be tried at."""
LONG, SHORT = 16_384, 4_096
"""Tokens of an answer whose request says no limit, where a hard budget needs one: what every current model can write, and
what every older one could (OpenAI "Models", Anthropic "Models overview", Google "Gemini models": maximum output tokens).
"""
_WRITE_LONG = (
    *("gpt-5", "gpt-4.1", "gpt-4o", "o1", "o3", "o4", "gemini-2.5", "gemini-3"),
    *("claude-opus-4", "claude-sonnet-4", "claude-haiku-4"),
)
REMEMBERED = 4_096
"""Models, by wire and caller, whose way is kept in memory: callers choose names, so there is an end to it."""


@dataclass(slots=True)
class Serving:
    """How one model of one provider serves one of the callers' wires. ``wire`` is the provider's.

    ``prices`` is the provider's name in the price list; ``priced`` False: nobody set a price, and ``rates`` are twice the
    provider's dearest. ``heads`` are beginnings of requests, made once. ``window`` is the longest prompt that the model reads, in
    tokens, None where nobody says.
    """

    provider: Provider
    wire: str
    translated: bool
    rates: Rates
    priced: bool
    prices: str
    usual_most: int
    heads: dict[object, bytes]
    window: int | None = None


@dataclass(slots=True)
class Plan:
    """One candidate, ready to be asked. ``body`` is written for its wire, without the model's limit; ``bound`` is what it
    can cost at most.
    """

    candidate: Candidate
    serving: Serving
    body: bytes
    bound: Bound

    @property
    def provider(self) -> Provider:
        """Who is asked."""
        return self.serving.provider


class Planning:
    """Looks ways up in the table, and remembers them until the table or the day changes."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._found: dict[tuple[str, str, tuple[str, ...]], Found] = {}
        self._served: dict[tuple[str, str, str], Serving] = {}
        self._day = 0

    def changed(self) -> None:
        """The table is another one."""
        self._found.clear()
        self._served.clear()

    def candidates(self, call: routes.Call, resting: frozenset[str]) -> Found:
        """Who may serve a call. Where neither dice, nor data, nor a provider's rest can change it, it is looked up once."""
        table = self._standing.routing
        if resting or call.data:
            return routes.candidates(call, table, resting)
        key = (call.wire, call.model, call.spenders)
        found = self._found.get(key)
        if found is None:
            found = routes.candidates(call, table)
            route = table.routes.get(call.model.lower())
            if route is None or len(route.targets) == 1:
                if len(self._found) >= REMEMBERED:
                    self._found.clear()
                self._found[key] = found
        return found

    def plans(
        self, candidates: Iterable[Candidate], way: Way, asked: Asked, body: bytes, now: datetime, beyond: int | None
    ) -> list[Plan]:
        """Those candidates that can serve the call, in their order. ``beyond`` is what may be spent unseen, None for a call
        that is refused where it cannot be bounded.

        Raises ``NotLetThrough`` or ``Untranslatable``, the first reason, where none can.
        """
        if now.toordinal() != self._day:
            self._day = now.toordinal()
            self._served.clear()
        found: list[Plan] = []
        refused: list[NotLetThrough | Untranslatable] = []
        for one in candidates:
            try:
                found.append(self._plan(one, way, asked, body, now, beyond))
            except (NotLetThrough, Untranslatable) as refusal:
                refused.append(refusal)
            if len(found) == MOST_TRIED:
                break
        if not found:
            raise refused[0]
        return found

    def _plan(self, one: Candidate, way: Way, asked: Asked, body: bytes, now: datetime, beyond: int | None) -> Plan:
        key = (way.wire, one.provider, one.model)
        serving = self._served.get(key)
        if serving is None:
            serving = self._serving(one, way.wire, now)
            if len(self._served) >= REMEMBERED:
                self._served.clear()
            self._served[key] = serving
        if serving.translated:
            body = translate_request(way.wire, serving.wire, body, one.model, stream=asked.stream)
        found = _bound(one, serving, asked, body, beyond, None)
        if isinstance(found, Unbounded):
            raise NotLetThrough(
                403,
                "cost-unknown",
                " ".join(found.reasons),
                next_step="Leave that out, or have an administrator say what such a call may cost (greenlane gateway unseen).",
            )
        return Plan(one, serving, body, found)

    def _serving(self, one: Candidate, wire: str, now: datetime) -> Serving:
        standing = self._standing
        provider = standing.providers[one.provider]
        native = wire in provider.wires
        if not native and wire not in TRANSLATED:
            raise NotLetThrough(
                400,
                "not-spoken-there",
                f"{provider.name} has no counterpart for this kind of request.",
                next_step="Ask for a model of a provider that speaks your wire.",
            )
        prices = standing.priced_as(provider.name, one.model)
        rates = standing.prices.reserving(prices, one.model, now)
        if rates is None or (not rates[1] and standing.says("unpriced", "amber") == "closed"):
            raise NotLetThrough(
                403,
                "unpriced",
                f"Nobody knows what {one.model} of {provider.name} costs.",
                next_step="An administrator sets its price: greenlane gateway price set.",
            )
        serves = wire if native else provider.kind.translated
        known = standing.prices.model(provider.prices, one.model) if provider.prices else None
        window = known.window if known is not None else None
        return Serving(provider, serves, not native, *rates, prices, usual_most(one.model), {}, window)


def rebound(plan: Plan, asked: Asked, left: int, beyond: int | None) -> Bound:
    """The bound of the same plan with an answer that fits into what is left."""
    found = _bound(plan.candidate, plan.serving, asked, plan.body, beyond, left)
    assert isinstance(found, Bound), "it had a bound before"
    return found


def together(bounded: Sequence[Bound]) -> Bound:
    """One bound for several candidates: the dearest, with the shortest of their answers."""
    if len(bounded) == 1:
        return bounded[0]
    dearest = max(bounded, key=lambda one: one.pico)
    shortest = min(bounded, key=lambda one: one.most)
    return Bound(dearest.pico, shortest.most, shortest.clamped, shortest.reasons, dearest.read)


def usual_most(model: str) -> int:
    """The limit of an answer whose request says none."""
    return LONG if model.lower().rpartition("/")[2].startswith(_WRITE_LONG) else SHORT


def _bound(
    one: Candidate, serving: Serving, asked: Asked, body: bytes, beyond: int | None, left: int | None
) -> Bound | Unbounded:
    return bounds.bound(
        asked,
        serving.rates,
        wire=serving.wire,
        model=one.model,
        size=len(body),
        clamp_to=left,
        otherwise_most=serving.usual_most,
        window=serving.window,
        beyond=beyond,
    )
