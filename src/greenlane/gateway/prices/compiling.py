"""From the price list of the package ``genai-prices`` to a document of integers. Done once, at start: it takes seconds.

The document is plain JSON, so that processes which only answer calls get it without the package and its memory.
"""

from __future__ import annotations

from decimal import Decimal
from importlib.metadata import version
from typing import Any

from genai_prices.data import providers
from genai_prices.types import (
    ClauseAnd,
    ClauseContains,
    ClauseEndsWith,
    ClauseEquals,
    ClauseOr,
    ClauseRegex,
    ClauseStartsWith,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

from greenlane.gateway.prices.money import each

TOKENS = 1_000_000
THOUSAND = 1_000
COUNTED = {
    "input_mtok": TOKENS,
    "cache_read_mtok": TOKENS,
    "cache_write_mtok": TOKENS,
    "cache_write_1h_mtok": TOKENS,
    "output_mtok": TOKENS,
    "output_reasoning_mtok": TOKENS,
    "input_audio_mtok": TOKENS,
    "output_audio_mtok": TOKENS,
    "input_image_mtok": TOKENS,
    "output_image_mtok": TOKENS,
    "input_video_mtok": TOKENS,
    "output_video_mtok": TOKENS,
    "cache_audio_read_mtok": TOKENS,
    "cache_image_read_mtok": TOKENS,
    "output_citation_mtok": TOKENS,
    "web_searches_kcount": THOUSAND,
    "storage_searches_kcount": THOUSAND,
    "requests_kcount": THOUSAND,
}
"""The list's keys that a table keeps, with the number of units that a price is for (``genai_prices.data_units``)."""
FREE = ":free"
"""How resellers name what costs nothing. Any other model without a price has none, which is not the same as zero."""


def compile_list() -> dict[str, Any]:
    """``{"source", "providers": [{"id", "match", "fallbacks", "models": [{"id", "match", "window", "periods", …}]}]}``.

    A period is ``{"prices": {key: [pico, [[after, pico], …]]}}`` with ``since`` (a day) or ``between`` (two times of
    day, UTC); the last one that holds counts. ``variants`` have ``when`` beside that: what a request must say of itself.
    ``window`` is the longest prompt in tokens, None where the list does not say.
    """
    return {
        "source": f"genai-prices {version('genai-prices')}",
        "providers": [_provider(one) for one in providers],
    }


def _provider(provider: Provider) -> dict[str, Any]:
    return {
        "id": provider.id,
        "match": _clause(provider.provider_match) if provider.provider_match else None,
        "fallbacks": list(provider.fallback_model_providers or ()),
        "models": [_model(one) for one in provider.models],
    }


def _model(model: ModelInfo) -> dict[str, Any]:
    priced = [ConditionalPrice(prices=model.prices)] if isinstance(model.prices, ModelPrice) else model.prices
    free = model.id.endswith(FREE)
    return {
        "id": model.id,
        "match": _clause(model.match),
        "window": model.context_window,
        "periods": [_holds(one.constraint) | {"prices": _prices(one.prices, free=free)} for one in priced],
        "variants": [
            _holds(one.constraint) | {"when": one.when, "prices": _prices(one.prices, free=False)}
            for one in model.price_variants or ()
        ],
    }


def _holds(constraint: StartDateConstraint | TimeOfDateConstraint | None) -> dict[str, Any]:
    if constraint is None:
        return {}
    if isinstance(constraint, StartDateConstraint):
        return {"since": constraint.start_date.isoformat()}
    return {"between": [constraint.start_time.isoformat(), constraint.end_time.isoformat()]}


def _prices(prices: ModelPrice, *, free: bool) -> dict[str, Any] | None:
    """Integers by key; None where the list has no price, or one for units that nobody counts here (hours, pages)."""
    said = {key: price for key, price in vars(prices).items() if price is not None}
    if not said:
        return {} if free else None
    if not said.keys() <= COUNTED.keys():
        return None
    return {key: _integers(price, COUNTED[key]) for key, price in said.items()}


def _integers(price: Decimal | TieredPrices, per: int) -> list[Any]:
    if isinstance(price, TieredPrices):
        return [each(price.base, per), [[one.start, each(one.price, per)] for one in price.tiers]]
    return [each(price, per), []]


def _clause(clause: Any) -> dict[str, Any]:
    match clause:
        case ClauseOr():
            return {"or": [_clause(one) for one in clause.or_]}
        case ClauseAnd():
            return {"and": [_clause(one) for one in clause.and_]}
        case ClauseEquals():
            return {"equals": clause.equals}
        case ClauseStartsWith():
            return {"starts_with": clause.starts_with}
        case ClauseEndsWith():
            return {"ends_with": clause.ends_with}
        case ClauseContains():
            return {"contains": clause.contains}
        case ClauseRegex():
            return {"regex": clause.regex}
    raise ValueError(f"the price list has a clause that nobody knows here: {clause!r}")
