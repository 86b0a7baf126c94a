"""The table that prices calls: the list's prices, and administrators' before them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import orjson

from greenlane.gateway.prices.listed import Listed
from greenlane.gateway.prices.models import DAYS, FALLS_BACK, USUAL, Context, Model, Period
from greenlane.gateway.prices.rates import Rates, dearest
from greenlane.gateway.usage import Usage
from greenlane.kit.digest import of

REMEMBERED = 4096
"""Names of models whose meaning is kept: callers choose names, so there is an end to it."""
UNPRICED = 2
"""How many times the provider's dearest rates a model without a price is reserved at."""


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


class Table:
    """Prices by provider and model, with administrators' overrides first.

    ``digest`` names list and overrides together.
    """

    def __init__(self, listed: Listed, overrides: Iterable[Override] = ()) -> None:
        self._list = listed
        self.source = listed.source
        kept = sorted(overrides, key=lambda one: (one.provider, one.model, one.since))
        self._overridden: dict[tuple[str, str], list[Override]] = {}
        for one in kept:
            self._overridden.setdefault((one.provider, one.model.lower()), []).append(one)
        self.digest = of({"list": orjson.Fragment(listed.said()), "overrides": [one.document() for one in kept]})
        self._meant: dict[tuple[str, str], Model | None] = {}
        self._dearest: dict[tuple[str, date], Rates | None] = {}

    def overriding(self, overrides: Iterable[Override]) -> Table:
        """The same list under other overrides; another digest."""
        return Table(self._list, overrides)

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
        models = self._list.models(provider)
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

    def names(self, provider: str, at: datetime) -> list[str]:
        """The models of a provider that have a price at that moment, by the names that have it; a name may stand twice."""
        own = [ones[0].model for (whose, _), ones in self._overridden.items() if whose == provider]
        return [*own, *(one.name for one in self._list.models(provider) if one.is_priced(at))]

    def _look_up(self, provider: str, name: str) -> Model | None:
        listed = self._list.model(provider, name)
        own = self._overridden.get((provider, name))
        return listed if own is None else self._own(own, listed)

    @staticmethod
    def _own(overrides: Sequence[Override], listed: Model | None = None) -> Model:
        own = [Period(_prices(one.prices), one.since, None, USUAL) for one in overrides]
        return (listed or Model(overrides[0].model, [Period(None, None, None, USUAL)], (), 1)).with_periods(own)


def _prices(said: Mapping[str, int]) -> dict[str, Any]:
    """An override's prices under the list's keys, so that one way leads to a tariff."""
    return {FALLS_BACK[kind][0]: [pico, []] for kind, pico in said.items()}
