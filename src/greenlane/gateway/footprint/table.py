"""The table that weighs calls: made from a document, answered from memory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from greenlane.gateway.usage import Usage
from greenlane.kit.digest import of

REMEMBERED = 4096
"""Models whose weight is kept in mind."""
PER = 1_000_000
"""Tokens of an answer that a line's second number is for."""
KNOWN_AS = {
    "azure": "openai",
    "gemini": "google_genai",
    "google": "google_genai",
    "huggingface": "huggingface_hub",
    "mistral": "mistralai",
}
"""What the method calls the providers that have another name here."""
DATED = re.compile(r"[-@](20\d{2}-\d{2}-\d{2}|20\d{6})$")
"""The day of a release at the end of a model's name: releases of one model are taken to be of one size."""


class Span(NamedTuple):
    """From the lowest to the highest that the assumptions allow."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a call weighs: micro-watt-hours, micro-grams of CO2 equivalent, micro-litres of water, each as a range."""

    energy: Span
    carbon: Span
    water: Span
    table: str
    assumptions: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """For a receipt, without the assumptions: the table's digest stands for them."""
        return {"uwh": list(self.energy), "ugco2e": list(self.carbon), "ul": list(self.water), "table": self.table}


class _Line(NamedTuple):
    """The lower and the upper end of a figure, each as what a call takes anyway and what a million tokens add."""

    low: tuple[int, int]
    high: tuple[int, int]

    def at(self, tokens: int) -> Span:
        """The range at that many tokens: its lower end rounded down, its upper end up."""
        return Span(self.low[0] + self.low[1] * tokens // PER, self.high[0] - (-self.high[1] * tokens // PER))


@dataclass(frozen=True, slots=True)
class _Weight:
    """What is known of one model."""

    energy: _Line
    carbon: _Line
    water: _Line
    assumptions: tuple[str, ...]


class Footprints:
    """Footprints by provider and model. ``document`` is what ``compiling.compile_footprints`` made."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.source: str = document["source"]
        self.digest = of(document)
        self._met: dict[tuple[str, str], _Weight | None] = {}
        self._known = {
            (one["provider"], one["name"].lower()): _Weight(
                _line(one["energy"]),
                _line(one["carbon"]),
                _line(one["water"]),
                self._assumptions(one["told"], document["zones"][one["provider"]]),
            )
            for one in document["models"]
        }

    def weigh(self, provider: str, model: str, usage: Usage) -> Footprint | None:
        """What the answer of this call weighs; None for a model that the method does not know (``missing`` says so)."""
        known = self._find(provider, model)
        if known is None:
            return None
        tokens = usage.written
        return Footprint(
            known.energy.at(tokens), known.carbon.at(tokens), known.water.at(tokens), self.digest, known.assumptions
        )

    def missing(self, provider: str, model: str) -> str:
        """Why there is no footprint, in words."""
        return f"{self.source} does not know {model} of {provider}, so its footprint is left open."

    def _find(self, provider: str, model: str) -> _Weight | None:
        """Callers choose names, so there is an end to how many of them are kept in mind."""
        key = (provider, model)
        if key not in self._met:
            if len(self._met) >= REMEMBERED:
                self._met.clear()
            self._met[key] = self._look_up(provider, model)
        return self._met[key]

    def _look_up(self, provider: str, model: str) -> _Weight | None:
        provider, name = provider.lower(), model.lower()
        if "/" in name and (provider, name) not in self._known:
            provider, name = name.rsplit("/", 1)[0].rpartition("/")[2], name.rsplit("/", 1)[1]
        provider = KNOWN_AS.get(provider, provider)
        return self._known.get((provider, name)) or self._known.get((provider, DATED.sub("", name)))

    def _assumptions(self, told: bool, zone: str) -> tuple[str, ...]:
        size = "as its provider told it" if told else "as others estimate it, for its provider does not tell"
        return (
            f"By the method of {self.source}: what a model's answer takes; reading the question is left out.",
            f"The size of the model {size}.",
            f"Electricity as it is made in {zone}, in a data centre of its provider.",
            "Servers with eight GPUs, 64 calls at once, kept for three years; making them is counted in.",
        )


def _line(ends: Any) -> _Line:
    (low, low_each), (high, high_each) = ends
    return _Line((low, low_each), (high, high_each))
