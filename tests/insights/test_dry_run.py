"""What a swap would have meant is counted from recorded calls, to the pico-dollar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from greenlane.gateway.routes import Call, DataRule, Provider, Route, Table, Target
from greenlane.gateway.usage import Usage
from greenlane.insights.dry_run import AS_IT_IS, NOT_CARRIED, TRANSLATED, Moved, Recorded, Stopped, dry_run

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOW = Table(
    providers={
        "openai": Provider("openai", "eu", keeps_nothing=True),
        "anthropic": Provider("anthropic", "us"),
    },
    routes={"fast": Route((Target("openai", "gpt-5-mini"),), (Target("anthropic", "claude-haiku-4-5"),))},
    usual={"openai": "openai"},
    rules={"phone": DataRule(frozenset({"eu"}))},
)
THEN = replace(NOW, routes={"fast": Route((Target("anthropic", "claude-haiku-4-5"),))}, usual={"openai": "anthropic"})
PRICES = {("openai", "gpt-5-mini"): 2, ("anthropic", "claude-haiku-4-5"): 3}


def price(provider: str, model: str, usage: Usage, at: datetime) -> int | None:
    each = PRICES.get((provider, model))
    return None if each is None else each * usage.output


def carry(provider: str, wire: str) -> str:
    if wire.startswith(provider):
        return AS_IT_IS
    return NOT_CARRIED if wire == "openai-embeddings" else TRANSLATED


def call(number: int, model: str = "fast", wire: str = "openai-chat", data: frozenset[str] = frozenset()) -> Recorded:
    usage = Usage(output=100)
    asked = Call(f"call_{number}", wire, model, ("environment:board/production",), data)
    return Recorded(asked, AT, "openai", "gpt-5-mini", usage, 200)


def test_calls_that_move_are_priced_where_they_would_have_gone() -> None:
    found = dry_run([call(n) for n in range(3)], NOW, THEN, price, carry)
    assert found.moved == [Moved("openai", "gpt-5-mini", "anthropic", "claude-haiku-4-5", 3, 600, 900, 3)]
    assert (found.calls, found.moving, found.stayed, found.before, found.after, found.saved) == (
        3,
        3,
        0,
        600,
        900,
        -300,
    )


def test_what_would_have_been_refused_says_why_and_what_it_had_cost() -> None:
    phone = call(1, data=frozenset({"phone"}))
    embedding = call(2, "text-embedding-3-small", "openai-embeddings")
    found = dry_run([phone, embedding, embedding], NOW, THEN, price, carry)
    assert found.refused == [
        Stopped("anthropic does not take calls of the kind openai-embeddings.", 2, 400),
        Stopped("The prompt holds a telephone number, which stays in eu; anthropic is not there.", 1, 200),
    ]
    assert (found.before, found.after) == (0, 0)


def test_a_model_without_a_price_is_told_and_not_counted_as_free() -> None:
    found = dry_run([call(1, "gpt-9")], NOW, THEN, price, carry)
    assert found.unpriced == [Stopped("gpt-9 of anthropic has no price here.", 1, 200)]
    assert (found.moving, found.after) == (0, 0)


def test_a_call_that_a_fallback_served_stays_where_its_route_stays() -> None:
    by_fallback = replace(call(1), provider="anthropic", model="claude-haiku-4-5")
    found = dry_run([by_fallback, call(2)], NOW, NOW, price, carry)
    assert (found.stayed, found.moving, found.refused) == (2, 0, [])
