"""The table that prices calls: made from a document, answered from memory.

A call at a provider's *speed* (``service_tier``, ``speed`` or ``processing`` in the provider's own words) has prices of
its own; ``context`` says what a request said of itself, ``{}`` for the usual.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from greenlane.gateway.prices.matching import Matcher, matcher, with_dashes
from greenlane.gateway.prices.rates import Rates, Tariff, dearest
from greenlane.gateway.usage import Usage
from greenlane.kit.digest import of

Context = Mapping[str, str]
USUAL: Context = {}
REMEMBERED = 4096
"""Names of models whose meaning is kept: callers choose names, so there is an end to it."""
UNPRICED = 2
"""How many times the provider's dearest rates a model without a price is reserved at."""
DAYS = 64
"""Highest rates that are kept for a model or a provider, by day and by what requests said of themselves."""

FALLS_BACK = {
    "input": ("input_mtok",),
    "cache_read": ("cache_read_mtok", "input_mtok"),
    "cache_write": ("cache_write_mtok", "input_mtok"),
    "cache_write_hour": ("cache_write_1h_mtok", "cache_write_mtok", "input_mtok"),
    "output": ("output_mtok",),
    "reasoning": ("output_reasoning_mtok", "output_mtok"),
    "input_audio": ("input_audio_mtok", "input_mtok"),
    "output_audio": ("output_audio_mtok", "output_mtok"),
    "input_image": ("input_image_mtok", "input_mtok"),
    "searches": ("web_searches_kcount",),
    "call": ("requests_kcount",),
}
"""Which of the list's prices a kind of token has: the first one there is. What has no price of its own is part of what
contains it, as ``genai_prices.decompose`` has it.
"""
TOGETHER = {"output": ("output_image_mtok", "output_video_mtok")}
"""Kinds that an answer may consist of and that a usage does not tell apart: all of it is charged at the dearest of them.
Nobody asks a model that makes pictures for words, and a budget must not believe that it did.
"""
BESIDE = {
    "input_audio": ("input_video_mtok",),
    "output": ("output_citation_mtok",),
    "cache_read": ("cache_audio_read_mtok", "cache_image_read_mtok"),
}
"""Further kinds that a usage does not tell apart, rare beside what they are counted with. They do not price a call; they
raise what is reserved for it.
"""


@dataclass(slots=True)
class Priced:
    """What a call cost: pico-dollars, the digest of the table that says so, and the rates used."""

    pico: int
    table: str
    rates: Rates


@dataclass(frozen=True, slots=True)
class Override:
    """An administrator's price: from ``since`` (UTC) on, this model of this provider costs this, whatever the list says.

    ``prices`` is pico-dollars by kind, named as the fields of ``Rates``. A kind that is not said costs what contains it:
    what is read from a cache costs what is read, a thought costs what is said.
    """

    provider: str
    model: str
    prices: Mapping[str, int]
    since: date

    def document(self) -> dict[str, Any]:
        """Plain JSON, part of the table's digest."""
        return {
            "provider": self.provider,
            "model": self.model,
            "prices": dict(self.prices),
            "since": self.since.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class _Period:
    """Prices, and when they hold."""

    prices: Mapping[str, Any] | None
    since: date | None
    between: tuple[time, time] | None
    when: Context

    def holds(self, at: datetime) -> bool:
        if self.since is not None:
            return at.date() >= self.since
        if self.between is None:
            return True
        start, end = self.between
        now = at.timetz()
        return now >= start or now < end if end < start else start <= now < end


class Model:
    """One model of one provider. ``tariff`` is None at a time for which there is no price.

    Of its periods the first ``listed`` are the list's and have variants; those after them are overrides and have none.
    """

    def __init__(self, name: str, periods: Sequence[_Period], variants: Sequence[_Period], listed: int) -> None:
        self.name = name
        self._periods = periods
        self._variants = variants
        self._listed = listed
        self._made: dict[tuple[tuple[int, ...], bool], Tariff | None] = {}
        self._ceilings: dict[tuple[date, Any], Rates | None] = {}
        self._by_day = all(one.between is None for one in periods)
        self._today: tuple[date, Tariff | None] = (date.min, None)

    def tariff(self, at: datetime, context: Context = USUAL) -> Tariff | None:
        """What holds at that moment (aware), for a request that says this of itself. The usual one is kept for its day."""
        at = at.astimezone(UTC)
        if context or not self._by_day:
            return self._at(at, context)
        today = at.date()
        if self._today[0] != today:
            self._today = (today, self._at(at, context))
        return self._today[1]

    def _at(self, at: datetime, context: Context) -> Tariff | None:
        chosen = next((n for n in reversed(range(len(self._periods))) if self._periods[n].holds(at)), 0)
        return self._resolved((chosen, *(self._fitting(chosen, context, at) if context else ())))

    def dearest(self, day: date, contexts: tuple[Context, ...] | None = None) -> Rates | None:
        """Of each kind the highest rate that a call begun on that day (UTC) can meet, None without a price.

        However long its prompt, whatever the time of day, and at any speed unless ``contexts`` says which ones can be.
        """
        asked = (USUAL, *(one.when for one in self._variants)) if contexts is None else contexts
        key = (day, None if contexts is None else tuple(tuple(sorted(one.items())) for one in contexts))
        if key not in self._ceilings:
            if len(self._ceilings) >= DAYS:
                self._ceilings.clear()
            self._ceilings[key] = self._ceiling(day, asked)
        return self._ceilings[key]

    def _ceiling(self, day: date, contexts: Iterable[Context]) -> Rates | None:
        on = [number for number, one in enumerate(self._periods) if one.since is None or day >= one.since]
        all_day = next((number for number in reversed(on) if self._periods[number].between is None), 0)
        tariffs = [
            self._resolved((number, *self._fitting(number, one)), reserve=True)
            for number in {all_day, *(one for one in on if one > all_day)}
            for one in contexts
        ]
        found = [one.dearest() for one in tariffs if one is not None]
        return dearest(found) if found else None

    def with_periods(self, own: Sequence[_Period]) -> Model:
        """The same model under an administrator's prices."""
        return Model(self.name, [*self._periods, *own], self._variants, self._listed)

    def _fitting(self, chosen: int, context: Context, at: datetime | None = None) -> Iterable[int]:
        """The numbers of the variants that the context meets, at any time where none is said; the first has precedence."""
        return (
            number
            for number, one in enumerate(self._variants)
            if chosen < self._listed
            and (at is None or one.holds(at))
            and all(context.get(key) == value for key, value in one.when.items())
        )

    def _resolved(self, key: tuple[int, ...], *, reserve: bool = False) -> Tariff | None:
        if (key, reserve) not in self._made:
            chosen, *fitting = key
            prices = self._periods[chosen].prices
            if prices is not None:
                for number in reversed(fitting):
                    prices = {**prices, **(self._variants[number].prices or {})}
            self._made[key, reserve] = None if prices is None else _tariff(prices, reserve=reserve)
        return self._made[key, reserve]


class _Provider:
    """A provider's models in the list's order: the first that matches is meant."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.id: str = document["id"]
        self.is_meant: Matcher = matcher(document["match"]) if document["match"] else lambda _: False
        self.fallbacks: list[str] = document["fallbacks"]
        self.models = [(matcher(one["match"]), _model(one)) for one in document["models"]]

    def find(self, name: str) -> Model | None:
        return next((model for matches, model in self.models if matches(name)), None)


class Table:
    """Prices by provider and model, with administrators' overrides first.

    ``document`` is what ``compiling.compile_list`` made. ``digest`` names list and overrides together.
    """

    def __init__(self, document: Mapping[str, Any], overrides: Iterable[Override] = ()) -> None:
        self._document = document
        self.source: str = document["source"]
        self._providers = {one["id"]: _Provider(one) for one in document["providers"]}
        kept = sorted(overrides, key=lambda one: (one.provider, one.model, one.since))
        self._overridden: dict[tuple[str, str], list[Override]] = {}
        for one in kept:
            self._overridden.setdefault((one.provider, one.model.lower()), []).append(one)
        self.digest = of({"list": document, "overrides": [one.document() for one in kept]})
        self._meant: dict[tuple[str, str], Model | None] = {}
        self._dearest: dict[tuple[str, date], Rates | None] = {}

    def overriding(self, overrides: Iterable[Override]) -> Table:
        """The same list under other overrides; another digest."""
        return Table(self._document, overrides)

    def price(self, provider: str, model: str, usage: Usage, at: datetime, context: Context = USUAL) -> Priced | None:
        """What the usage cost at that moment; None where nobody set a price. ``at`` is aware."""
        found = self.model(provider, model)
        tariff = found.tariff(at, context) if found is not None else None
        if tariff is None:
            return None
        rates = tariff.of(usage)
        return Priced(rates.cost(usage), self.digest, rates)

    def ceiling(
        self, provider: str, model: str, at: datetime, contexts: tuple[Context, ...] | None = None
    ) -> Rates | None:
        """Of each kind the highest rate that a call begun now can meet; what bounds are counted with."""
        found = self.model(provider, model)
        return found.dearest(at.astimezone(UTC).date(), contexts) if found is not None else None

    def dearest(self, provider: str, at: datetime) -> Rates | None:
        """Of each kind the highest rate of any model of the provider; None for a provider without one price.

        A model without a price is reserved at twice this. A provider that the list does not know has no dearest.
        """
        key = (provider, at.astimezone(UTC).date())
        if key not in self._dearest:
            if len(self._dearest) >= DAYS:
                self._dearest.clear()
            self._dearest[key] = self._dearest_on(*key)
        return self._dearest[key]

    def reserving(
        self, provider: str, model: str, at: datetime, contexts: tuple[Context, ...] | None = None
    ) -> tuple[Rates, bool] | None:
        """The rates that a call is reserved at, and whether they are the model's own.

        A model without a price is reserved at twice the provider's dearest; None where even that is unknown.
        """
        own = self.ceiling(provider, model, at, contexts)
        if own is not None:
            return own, True
        highest = self.dearest(provider, at)
        return None if highest is None else (highest.times(UNPRICED), False)

    def _dearest_on(self, provider: str, day: date) -> Rates | None:
        known = self._provider(provider)
        models = [model for _, model in known.models] if known is not None else []
        models += [self._own(ones) for (whose, _), ones in self._overridden.items() if whose == provider]
        found = [rates for model in models if (rates := model.dearest(day)) is not None]
        return dearest(found) if found else None

    def model(self, provider: str, name: str) -> Model | None:
        """The model that a provider means by a name, or None."""
        key = (provider, name)
        if key not in self._meant:
            if len(self._meant) >= REMEMBERED:
                self._meant.clear()
            self._meant[key] = self._look_up(provider, name.lower())
        return self._meant[key]

    def _look_up(self, provider: str, name: str) -> Model | None:
        listed = self._listed(provider, name)
        own = self._overridden.get((provider, name))
        return listed if own is None else self._own(own, listed)

    @staticmethod
    def _own(overrides: Sequence[Override], listed: Model | None = None) -> Model:
        own = [_Period(_prices(one.prices), one.since, None, USUAL) for one in overrides]
        return (listed or Model(overrides[0].model, [_Period(None, None, None, USUAL)], (), 1)).with_periods(own)

    def _listed(self, provider: str, name: str) -> Model | None:
        known = self._provider(provider)
        if known is None:
            return None
        for spelled in dict.fromkeys((name, with_dashes(name))):
            others = (self._providers[one] for one in known.fallbacks if one in self._providers)
            for one in (known, *others):
                found = one.find(spelled)
                if found is not None:
                    return found
        return None

    def _provider(self, name: str) -> _Provider | None:
        name = name.lower().strip()
        return self._providers.get(name) or next((one for one in self._providers.values() if one.is_meant(name)), None)


def _model(document: Mapping[str, Any]) -> Model:
    periods = [_period(one) for one in document["periods"]]
    return Model(document["id"], periods, [_period(one) for one in document["variants"]], len(periods))


def _period(document: Mapping[str, Any]) -> _Period:
    since = document.get("since")
    between = document.get("between")
    return _Period(
        document["prices"],
        date.fromisoformat(since) if since else None,
        (_utc(between[0]), _utc(between[1])) if between else None,
        document.get("when", USUAL),
    )


def _utc(text: str) -> time:
    told = time.fromisoformat(text)
    return told if told.tzinfo is not None else told.replace(tzinfo=UTC)


def _prices(said: Mapping[str, int]) -> dict[str, Any]:
    """An override's prices under the list's keys, so that one way leads to a tariff."""
    return {FALLS_BACK[kind][0]: [pico, []] for kind, pico in said.items()}


def _tariff(prices: Mapping[str, Any], *, reserve: bool) -> Tariff:
    """Rates at each length at which one of the prices changes. ``reserve`` counts what a usage does not tell apart."""
    starts = sorted({-1, *(start for _, tiers in prices.values() for start, _ in tiers)})
    return Tariff(tuple((start, _rates(prices, start, reserve=reserve)) for start in starts))


def _rates(prices: Mapping[str, Any], after: int, *, reserve: bool) -> Rates:
    def at(key: str) -> int:
        base, tiers = prices[key]
        return int(next((price for start, price in reversed(tiers) if start <= after), base))

    rates = {}
    for kind, keys in FALLS_BACK.items():
        told = next((at(key) for key in keys if key in prices), 0)
        others = (*TOGETHER.get(kind, ()), *(BESIDE.get(kind, ()) if reserve else ()))
        rates[kind] = max([told, *(at(key) for key in others if key in prices)])
    return Rates(**rates)
