"""One model of one provider: what it costs when, at which length of a prompt, and for a request that says what of itself.

A call at a provider's *speed* (``service_tier``, ``speed`` or ``processing`` in the provider's own words) has prices of
its own; ``context`` says what a request said of itself, ``{}`` for the usual.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from greenlane.gateway.prices.rates import Rates, Tariff, dearest

Context = Mapping[str, str]
USUAL: Context = {}
LONGER = 2_000_000
"""Tokens of the longest prompt of a model whose price changes at a length beyond the list's window: providers offer such
lengths apart (Anthropic "Context windows": 1M by a header).
"""
ROUND = 1_000
"""A window of whole thousands may be rounded down: 1,000,000 is said of Gemini's 1,048,576 and of GPT-4.1's 1,047,576, 128,000
of 131,072. A twentieth more is above all of them.
"""
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
    "cache_read_audio": ("cache_audio_read_mtok", "cache_read_mtok", "input_audio_mtok", "input_mtok"),
    "input_video": ("input_video_mtok", "input_mtok"),
    "output_image": ("output_image_mtok", "output_mtok"),
    "output_video": ("output_video_mtok", "output_mtok"),
    "file_searches": ("storage_searches_kcount",),
}
"""Which of the list's prices a kind of token has: the first one there is. What has no price of its own is part of what
contains it, as ``genai_prices.decompose`` has it.
"""
BESIDE = {
    "output": ("output_citation_mtok",),
    "cache_read": ("cache_image_read_mtok",),
}
"""Further kinds that a usage does not tell apart, rare beside what they are counted with. They do not price a call; they
raise what is reserved for it.
"""


@dataclass(frozen=True, slots=True)
class Period:
    """Prices, when they hold, and for requests that say what of themselves."""

    prices: Mapping[str, Any] | None
    since: date | None
    between: tuple[time, time] | None
    when: Context

    def is_on(self, day: date) -> bool:
        """Whether these are prices of some time on that day (UTC)."""
        return self.since is None or day >= self.since

    def holds(self, at: datetime) -> bool:
        """Whether these are the prices of a moment in UTC."""
        if self.since is not None or self.between is None:
            return self.is_on(at.date())
        start, end = self.between
        now = at.timetz()
        return now >= start or now < end if end < start else start <= now < end


class Model:
    """One model of one provider. ``tariff`` is None at a time for which there is no price. ``window`` is the longest prompt
    that it reads, in tokens, None where nobody says.

    Of its periods the first ``listed`` are the list's and have variants; those after them are overrides and have none.
    """

    def __init__(
        self,
        name: str,
        periods: Sequence[Period],
        variants: Sequence[Period],
        listed: int,
        window: int | None = None,
    ) -> None:
        self.name = name
        self.window = window
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

    def is_priced(self, at: datetime) -> bool:
        """Whether there is a price at that moment (aware)."""
        return self._periods[self._chosen(at.astimezone(UTC))].prices is not None

    def _chosen(self, at: datetime) -> int:
        return next((n for n in reversed(range(len(self._periods))) if self._periods[n].holds(at)), 0)

    def _at(self, at: datetime, context: Context) -> Tariff | None:
        chosen = self._chosen(at)
        return self._resolved((chosen, *(self._fitting(chosen, context, lambda one: one.holds(at)) if context else ())))

    def dearest(self, day: date, contexts: tuple[Context, ...] | None = None) -> Rates | None:
        """Of each kind the highest rate that a call begun on that day (UTC) can meet, None without a price.

        However long its prompt, whatever the time of day, and at any speed unless ``contexts`` says which ones can be. A
        call is priced when it ends, which may be on the next day.
        """
        asked = (USUAL, *(one.when for one in self._variants)) if contexts is None else contexts
        key = (day, None if contexts is None else tuple(tuple(sorted(one.items())) for one in contexts))
        if key not in self._ceilings:
            if len(self._ceilings) >= DAYS:
                self._ceilings.clear()
            today, tomorrow = self._ceiling(day, asked), self._ceiling(day + timedelta(days=1), asked)
            self._ceilings[key] = today if today is None or tomorrow is None else dearest((today, tomorrow))
        return self._ceilings[key]

    def _ceiling(self, day: date, contexts: Iterable[Context]) -> Rates | None:
        on = [number for number, one in enumerate(self._periods) if one.is_on(day)]
        all_day = next((number for number in reversed(on) if self._periods[number].between is None), 0)
        tariffs = [
            self._resolved((number, *self._fitting(number, one, lambda variant: variant.is_on(day))), reserve=True)
            for number in {all_day, *(one for one in on if one > all_day)}
            for one in contexts
        ]
        found = [one.dearest() for one in tariffs if one is not None]
        return dearest(found) if found else None

    def with_periods(self, own: Sequence[Period]) -> Model:
        """The same model under an administrator's prices."""
        return Model(self.name, [*self._periods, *own], self._variants, self._listed, self.window)

    def _fitting(self, chosen: int, context: Context, holds: Callable[[Period], bool]) -> Iterable[int]:
        """The numbers of the variants that hold and that the context meets; the first has precedence."""
        return (
            number
            for number, one in enumerate(self._variants)
            if chosen < self._listed
            and holds(one)
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


def listed(document: Mapping[str, Any]) -> Model:
    """A model as the list has it (``compiling.compile_list``)."""
    periods = [_period(one) for one in document["periods"]]
    variants = [_period(one) for one in document["variants"]]
    return Model(document["id"], periods, variants, len(periods), _window(document["window"], periods))


def _window(said: int | None, periods: Iterable[Period]) -> int | None:
    """No prompt is longer than this, in tokens; None where the list does not say."""
    if said is None:
        return None
    steps = [start for one in periods for _, tiers in (one.prices or {}).values() for start, _ in tiers]
    longest = max(said, LONGER) if max(steps, default=0) >= said else said
    return longest if longest % ROUND else longest * 21 // 20


def _period(document: Mapping[str, Any]) -> Period:
    since = document.get("since")
    between = document.get("between")
    return Period(
        document["prices"],
        date.fromisoformat(since) if since else None,
        (_utc(between[0]), _utc(between[1])) if between else None,
        document.get("when", USUAL),
    )


def _utc(text: str) -> time:
    told = time.fromisoformat(text)
    return told if told.tzinfo is not None else told.replace(tzinfo=UTC)


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
        others = BESIDE.get(kind, ()) if reserve else ()
        rates[kind] = max([told, *(at(key) for key in others if key in prices)])
    return Rates(**rates)
