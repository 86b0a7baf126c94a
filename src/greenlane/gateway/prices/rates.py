"""What one token of each kind costs, and how the length of a prompt changes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from functools import cached_property

from greenlane.gateway.usage import Usage


@dataclass(frozen=True)
class Rates:
    """Pico-dollars for one token of each kind; for one search of each kind of search, for ``call`` for the call itself."""

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_hour: int = 0
    output: int = 0
    reasoning: int = 0
    input_audio: int = 0
    output_audio: int = 0
    input_image: int = 0
    searches: int = 0
    call: int = 0
    cache_read_audio: int = 0
    input_video: int = 0
    output_image: int = 0
    output_video: int = 0
    file_searches: int = 0

    def cost(self, usage: Usage) -> int:
        """Pico-dollars of one call. Each token is counted once; ``reasoning`` is that part of ``output``."""
        return (
            self.call
            + self.input * usage.input
            + self.cache_read * usage.cache_read
            + self.cache_write * usage.cache_write
            + self.cache_write_hour * usage.cache_write_hour
            + self.output * (usage.output - usage.reasoning)
            + self.reasoning * usage.reasoning
            + self.input_audio * usage.input_audio
            + self.output_audio * usage.output_audio
            + self.input_image * usage.input_image
            + self.searches * usage.searches
            + self.cache_read_audio * usage.cache_read_audio
            + self.input_video * usage.input_video
            + self.output_image * usage.output_image
            + self.output_video * usage.output_video
            + self.file_searches * usage.file_searches
        )

    @cached_property
    def document(self) -> Mapping[str, int]:
        """For a receipt: without the kinds that cost nothing, and without rare ones that cost what contains them."""
        return {
            name: rate
            for name in _KINDS
            if (rate := getattr(self, name)) and (name not in WITHIN or rate != getattr(self, WITHIN[name]))
        }

    def times(self, factor: int) -> Rates:
        """Every rate multiplied: what a model without a price is reserved at."""
        return Rates(*(rate * factor for rate in astuple(self)))

    @cached_property
    def reads(self) -> int:
        """The dearest rate at which a token of text that a model reads can be charged: cached, being cached, or plain."""
        return max(self.input, self.cache_read, self.cache_write, self.cache_write_hour)

    @cached_property
    def writes(self) -> int:
        """The dearest rate at which a token that a model writes can be charged: said, thought, spoken or shown."""
        return max(self.output, self.reasoning, self.output_audio, self.output_image, self.output_video)


_KINDS = tuple(one.name for one in fields(Rates))
WITHIN = {
    "cache_read_audio": "cache_read",
    "input_video": "input",
    "output_image": "output",
    "output_video": "output",
}
"""Rare kinds, and the kind whose price they have where they have none of their own."""


def dearest(rates: Iterable[Rates]) -> Rates:
    """Of each kind the highest rate. ValueError when there are none."""
    kinds = zip(*(astuple(one) for one in rates), strict=True)
    return Rates(*(max(kind) for kind in kinds))


@dataclass(frozen=True, slots=True)
class Tariff:
    """Rates by the length of the prompt: each step is what more than ``after`` tokens of input cost, all of them.

    It is a cliff and no slope: one token above a step, and every token costs the step's rate (Anthropic "long context
    pricing", Gemini "prompts > 200k tokens"). Steps ascend, the first is after -1.
    """

    steps: tuple[tuple[int, Rates], ...]

    def of(self, usage: Usage) -> Rates:
        """The rates that this usage is charged at: everything that was read counts, cached or not."""
        if len(self.steps) == 1:
            return self.steps[0][1]
        read = usage.read
        return next(rates for after, rates in reversed(self.steps) if read > after)

    def dearest(self) -> Rates:
        """Of each kind the highest rate, however long the prompt turns out to be."""
        return dearest(rates for _, rates in self.steps)
