"""The compiled table says what the list says, to the pico-dollar, and what administrators say before it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from genai_prices.data import providers
from genai_prices.types import ConditionalPrice, ModelInfo, Provider
from genai_prices.types import Usage as Theirs

from greenlane.gateway.prices.compiling import compile_list
from greenlane.gateway.prices.listed import Listed
from greenlane.gateway.prices.money import PICO, dollars, each, micro_cents
from greenlane.gateway.prices.table import Override, Table
from greenlane.gateway.usage import Usage

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MOMENTS = (NOON, datetime(2025, 3, 1, 2, 30, tzinfo=UTC), datetime(2024, 6, 30, 23, 59, tzinfo=UTC))
KINDS = [name for name in Usage.__slots__ if name != "estimated"]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return compile_list()


@pytest.fixture(scope="module")
def table(document: dict[str, Any]) -> Table:
    return Table(Listed.of(**document))


def listed(usage: Usage) -> Theirs:
    """The same usage in the list's terms, where each kind contains those that are part of it."""
    counts = {
        "input_tokens": usage.read,
        "cache_read_tokens": usage.cache_read + usage.cache_read_audio,
        "cache_write_tokens": usage.cache_write + usage.cache_write_hour,
        "cache_write_1h_tokens": usage.cache_write_hour,
        "cache_audio_read_tokens": usage.cache_read_audio,
        "input_audio_tokens": usage.input_audio + usage.cache_read_audio,
        "input_video_tokens": usage.input_video,
        "input_image_tokens": usage.input_image,
        "output_tokens": usage.written,
        "output_audio_tokens": usage.output_audio,
        "output_image_tokens": usage.output_image,
        "output_video_tokens": usage.output_video,
        "output_reasoning_tokens": usage.reasoning,
        "web_searches": usage.searches,
        "storage_searches": usage.file_searches,
        # What a usage does not tell apart is said to be none, for the list insists on being told.
        "cache_image_read_tokens": 0,
    }
    return Theirs(**counts)


def usages(seed: str) -> list[Usage]:
    dice = random.Random(seed)
    made = [Usage()]
    for scale in (50, 9_000, 400_000):
        whole = Usage(
            **{kind: dice.randrange(scale) for kind in KINDS if not kind.endswith("searches")},
            searches=dice.randrange(4),
            file_searches=dice.randrange(4),
        )
        made.append(replace(whole, reasoning=dice.randrange(whole.output + 1)))
    return made


def is_priced(model: ModelInfo, at: datetime) -> bool:
    """Whether the list has a price in units that are counted here."""
    keys = {key for key, price in vars(model.get_prices(at)).items() if price is not None}
    counted = not any(unit in key for key in keys for unit in ("hours", "kpages", "mchars", "messages"))
    return counted and bool(keys or model.id.endswith(":free"))


def models() -> list[tuple[Provider, ModelInfo]]:
    return [(provider, model) for provider in providers for model in provider.models]


def test_every_model_costs_what_the_list_says_at_any_time_and_any_length(table: Table) -> None:
    compared = 0
    for provider, model in models():
        if provider.find_model(model.id, all_providers=providers) is not model:
            continue  # its own name means another one, here as there
        found = table.model(provider.id, model.id)
        assert found is not None
        assert found.name == model.id
        for at in MOMENTS:
            if not is_priced(model, at):
                assert table.price(provider.id, model.id, Usage(input=1), at) is None
                continue
            for usage in usages(model.id):
                ours = table.price(provider.id, model.id, usage, at)
                theirs = model.calc_price(listed(usage), provider, genai_request_timestamp=at).total_price * PICO
                assert ours is not None
                finer = sum(getattr(usage, kind) for kind in KINDS) if is_noise(model) else 0
                assert theirs <= ours.pico <= theirs + finer, (provider.id, model.id, usage)
                compared += 1
    assert compared > 20_000


def test_pictures_that_a_model_makes_cost_more_than_its_words(table: Table) -> None:
    usage = Usage(input=10, output=230, reasoning=200, output_image=1_290)
    told = table.price("google", "gemini-2.5-flash-image", usage, NOON)
    assert told is not None
    assert told.pico == 10 * 300_000 + 230 * 2_500_000 + 1_290 * 30_000_000


def test_a_receipt_leaves_out_rare_kinds_that_cost_what_contains_them(table: Table) -> None:
    pictures = table.price("google", "gemini-2.5-flash-image", Usage(input=1), NOON)
    words = table.price("anthropic", "claude-haiku-4-5", Usage(input=1), NOON)
    assert pictures is not None
    assert words is not None
    assert pictures.rates.document["output_image"] == 30_000_000
    assert not words.rates.document.keys() & {"output_image", "output_video", "input_video", "cache_read_audio"}


def is_noise(model: ModelInfo) -> bool:
    """Whether the list has a price finer than a pico-dollar a token: leftovers of somebody's floats."""
    conditional = model.prices if isinstance(model.prices, list) else [ConditionalPrice(prices=model.prices)]
    return any(
        one * 10**6 % 1
        for period in conditional
        for key, price in vars(period.prices).items()
        if "mtok" in key and price is not None
        for one in ([price] if isinstance(price, Decimal) else [price.base, *(tier.price for tier in price.tiers)])
    )


def test_a_faster_or_slower_service_has_its_own_price(table: Table) -> None:
    compared = 0
    for provider, model in models():
        if not is_priced(model, NOON) or provider.find_model(model.id, all_providers=providers) is not model:
            continue
        for variant in model.price_variants or ():
            for usage in usages(model.id):
                ours = table.price(provider.id, model.id, usage, NOON, variant.when)
                theirs = model.calc_price(
                    listed(usage), provider, genai_request_timestamp=NOON, price_context=variant.when
                ).total_price
                assert ours is not None
                assert ours.pico == theirs * PICO or is_noise(model)
                compared += 1
    assert compared > 500


def test_no_call_can_cost_more_than_at_the_ceiling(table: Table) -> None:
    for provider, model in models():
        found = table.model(provider.id, model.id)
        if found is None or found.name != model.id:
            continue  # its own name means another one or none, here as in the list
        highest = found.dearest(NOON.date())
        for hour in range(0, 24, 5):
            at = NOON.replace(hour=hour)
            for context in ({}, *(one.when for one in model.price_variants or ())):
                tariff = found.tariff(at, context)
                assert (tariff is None) <= (highest is None)
                for usage in usages(model.id)[1:] if tariff is not None and highest is not None else ():
                    assert tariff.of(usage).cost(usage) <= highest.cost(usage)


def test_a_call_that_ends_tomorrow_costs_no_more_than_its_ceiling_either(table: Table) -> None:
    ours = table.overriding([Override("openai", "gpt-5", {"input": 10**9}, NOON.date() + timedelta(days=1))])
    tomorrow = ours.price("openai", "gpt-5", Usage(input=1), NOON + timedelta(days=1))
    highest = ours.ceiling("openai", "gpt-5", NOON)
    assert tomorrow is not None
    assert highest is not None
    assert highest.input == tomorrow.pico == 10**9
    before = ours.ceiling("openai", "gpt-5", NOON - timedelta(days=1))
    assert before == table.ceiling("openai", "gpt-5", NOON)


def test_a_speed_that_will_be_cheaper_next_year_is_bounded_at_this_year_s_price() -> None:
    def prices(pico: int) -> dict[str, Any]:
        return {"prices": {"input_mtok": [pico, []]}}

    quick = {"when": {"service_tier": "priority"}}
    model = {
        "id": "m",
        "match": {"equals": "m"},
        "window": None,
        "periods": [prices(1)],
        "variants": [
            {"since": "2027-01-01", **quick, **prices(5)},
            {"since": "2026-01-01", **quick, **prices(9)},
        ],
    }
    table = Table(Listed.of("a list", [{"id": "p", "match": None, "fallbacks": [], "models": [model]}]))
    highest = table.ceiling("p", "m", NOON)
    assert highest is not None
    now = table.price("p", "m", Usage(input=1), NOON, quick["when"])
    assert now is not None
    assert highest.input == now.pico == 9
    later = table.ceiling("p", "m", NOON.replace(year=2027))
    assert later is not None
    assert later.input == 5


@pytest.mark.parametrize(
    ("provider", "name", "reads"),
    [
        ("google", "gemini-2.0-flash", 1_048_576),
        ("openai", "gpt-4.1", 1_047_576),
        ("openai", "gpt-4-32k", 32_768),
        ("google", "gemini-pro-1.5", 2_097_152),
        ("anthropic", "claude-sonnet-4-5", 1_000_000),
    ],
)
def test_no_prompt_is_longer_than_the_window_of_its_model(table: Table, provider: str, name: str, reads: int) -> None:
    found = table.model(provider, name)
    assert found is not None
    assert found.window is not None
    assert found.window >= reads


def test_one_token_above_the_step_makes_every_token_dearer(table: Table) -> None:
    at = table.price("anthropic", "claude-sonnet-4-5", Usage(input=150_000, cache_read=50_000), NOON)
    above = table.price("anthropic", "claude-sonnet-4-5", Usage(input=150_001, cache_read=50_000), NOON)
    assert at is not None
    assert above is not None
    assert at.pico == 150_000 * 3_000_000 + 50_000 * 300_000
    assert above.pico == 150_001 * 6_000_000 + 50_000 * 600_000


def test_a_price_that_is_missing_is_not_a_price_of_zero(table: Table) -> None:
    assert table.price("openai", "whisper-1", Usage(input=5), NOON) is None
    assert table.price("openai", "a-model-of-next-year", Usage(input=5), NOON) is None
    assert table.price("nobody", "gpt-5", Usage(input=5), NOON) is None
    free = table.price("openrouter", "deepseek/deepseek-r1:free", Usage(input=5), NOON)
    assert free is not None
    assert free.pico == 0


def test_the_dearest_of_a_provider_is_at_least_each_of_its_models(table: Table) -> None:
    highest = table.dearest("anthropic", NOON)
    assert highest is not None
    for provider, model in models():
        one = table.ceiling("anthropic", model.id, NOON) if provider.id == "anthropic" else None
        assert one is None or all(getattr(one, kind) <= getattr(highest, kind) for kind in KINDS)
    assert table.dearest("a-machine-of-ours", NOON) is None


def test_a_provider_is_known_by_the_names_that_people_give_it(table: Table) -> None:
    assert table.model("gemini", "gemini-2.5-pro") is table.model("google", "gemini-2.5-pro")
    assert table.price("azure", "gpt-4o", Usage(input=1), NOON) is not None, "azure serves what others made"


def test_a_compact_date_means_the_same_model(table: Table) -> None:
    plain = table.price("openai", "gpt-4o-2024-08-06", Usage(input=7), NOON)
    assert plain is not None
    assert table.price("openai", "gpt-4o-20240806", Usage(input=7), NOON) == plain


def test_what_an_administrator_says_counts_from_its_day_on(document: dict[str, Any], table: Table) -> None:
    own = Override("openai", "GPT-5", {"input": 7, "output": 9}, date(2026, 11, 22))
    ours = table.overriding([own])
    assert ours.digest != table.digest
    assert ours.digest == Table(Listed.of(**document), [own]).digest
    before, after = datetime(2026, 11, 21, 23, 59, tzinfo=UTC), datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
    told = ours.price("openai", "gpt-5", Usage(input=2, output=1, reasoning=1), after)
    assert told is not None
    assert told.pico == 2 * 7 + 9, "a thought costs what is said costs, where nobody says otherwise"
    listed_before = table.price("openai", "gpt-5", Usage(input=2), before)
    assert listed_before is not None
    assert ours.price("openai", "gpt-5", Usage(input=2), before) == replace(listed_before, table=ours.digest)
    assert ours.price("openai", "gpt-5", Usage(input=2), after, {"service_tier": "priority"}) is not None


def test_a_model_that_only_an_administrator_knows_has_a_price(table: Table) -> None:
    ours = table.overriding([Override("our-vllm", "llama-house", {"input": 3}, date(2026, 1, 1))])
    told = ours.price("our-vllm", "llama-house", Usage(input=4), NOON)
    assert told is not None
    assert told.pico == 12
    assert told.table == ours.digest
    assert ours.price("our-vllm", "llama-house", Usage(input=4), datetime(2025, 1, 1, tzinfo=UTC)) is None
    assert ours.dearest("our-vllm", NOON) == ours.ceiling("our-vllm", "llama-house", NOON)


def test_strange_names_do_not_fill_the_memory(table: Table) -> None:
    for number in range(5_000):
        assert table.model("anthropic", f"nobody-{number}") is None
    assert len(table._meant) <= 4_096


def test_what_is_finer_than_a_pico_dollar_is_rounded_up() -> None:
    assert each(Decimal("0.18000000000000002"), 1_000_000) == 180_001
    assert each(Decimal("1.25"), 1_000_000) == 1_250_000
    with pytest.raises(ValueError, match="not a price"):
        each(Decimal("-1"), 1)


def test_people_are_never_shown_less_than_was_spent() -> None:
    assert [micro_cents(pico) for pico in (0, 1, 10_000, 10_001)] == [0, 1, 1, 2]
    assert [dollars(pico) for pico in (0, 125 * 10**10, 4 * 10**8, 1234567 * PICO)] == [
        "$0",
        "$1.25",
        "$0.00040",
        "$1,234,567.00",
    ]


def test_a_list_from_a_file_is_the_list(document: dict[str, Any], table: Table) -> None:
    lines = list(Listed.of(**document).lines())
    again = Table(Listed.read(lines))
    assert (again.source, again.digest) == (table.source, table.digest)
    assert again.price("openai", "gpt-5", Usage(input=2), NOON) == table.price("openai", "gpt-5", Usage(input=2), NOON)
    with pytest.raises(ValueError, match="not whole"):
        Listed.read(lines[:-2])


def test_a_provider_more_or_less_is_another_list(document: dict[str, Any], table: Table) -> None:
    assert Table(Listed.of(document["source"], document["providers"][:-1])).digest != table.digest


def test_the_models_of_a_provider_that_nobody_asks_for_are_not_made(document: dict[str, Any]) -> None:
    openai = next(one for one in document["providers"] if one["id"] == "openai")
    unreadable = {"id": "elsewhere", "match": None, "fallbacks": [], "models": [{"id": "no model at all"}]}
    table = Table(Listed.of("a list", [openai, unreadable]))
    assert table.price("openai", "gpt-5", Usage(input=1), NOON) is not None
    with pytest.raises(KeyError):
        table.price("elsewhere", "gpt-5", Usage(input=1), NOON)
