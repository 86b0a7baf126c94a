"""Embeddings whose bytes bound them too widely, or not at all, are counted by their provider before they are refused."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from tests.gateway.stub import Asked, Line, Stub
from tests.gateway.world import World, budget

EMBED = "/ai/gemini/v1beta/models/gemini-embedding-001:embedContent"
BATCH = "/ai/gemini/v1beta/models/gemini-embedding-001:batchEmbedContents"
LONG = {"content": {"parts": [{"text": "word " * 4_000}]}}
FILM = {"content": {"parts": [{"inlineData": {"mimeType": "video/mp4", "data": b64encode(b"film").decode()}}]}}
PRICE = 150_000
"""Pico-dollars of a token that this model reads."""
SMALL = 5_000 * PRICE
"""A budget in which 20,000 bytes have no place, and 4,001 tokens have."""


def counting(tokens: Any = 4_001, status: int = 200, **usage: int):
    async def answers(asked: Asked, line: Line) -> None:
        if asked.target.endswith(":countTokens"):
            await line.answer({"totalTokens": tokens}, status)
        else:
            told = {"usageMetadata": {"promptTokenCount": usage["told"]}} if usage else {}
            await line.answer({"embedding": {"values": [0.5]}, **told})

    return answers


def furnish(world: World, answers: Any, amount: int = SMALL) -> Stub:
    stub = world.serve("google", answers, "gemini")
    world.change({"usual": {"gemini": "google"}, "budgets": {"b_1": budget(amount)}})
    return stub


def targets(stub: Stub) -> list[str]:
    return [one.target.rpartition(":")[2] for one in stub.asked]


def test_what_fits_by_its_bytes_is_not_counted(world: World) -> None:
    stub = furnish(world, counting(), 10**12)
    assert world.ask(EMBED, LONG).status == 200
    assert targets(stub) == ["embedContent"]


def test_a_count_is_a_call_of_its_own_and_bounds_the_embedding(world: World) -> None:
    stub = furnish(world, counting(told=4_001))
    answer = world.ask(EMBED, LONG)
    assert answer.status == 200
    assert targets(stub) == ["countTokens", "embedContent"]
    assert stub.asked[0].json == {"contents": [LONG["content"]]}
    count, embed = world.records("begin")
    assert (count["wire"], count["reserved"]) == ("gemini-count", 0)
    assert (embed["wire"], embed["call"]) == ("gemini-embed", answer.headers["greenlane-call"])
    assert 4_001 * PRICE <= embed["reserved"] <= SMALL
    assert [(one["outcome"], one["pico"]) for one in world.ends(2)] == [("answered", 0), ("answered", 4_001 * PRICE)]


def test_without_a_usage_what_was_counted_is_charged(world: World) -> None:
    furnish(world, counting())
    assert world.ask(EMBED, LONG).status == 200
    embed = world.records("begin")[1]
    assert world.ends(2)[1]["pico"] == embed["reserved"] <= SMALL


def test_what_nobody_here_can_measure_is_counted(world: World) -> None:
    stub = furnish(world, counting(258, told=258), 10**12)
    assert world.ask(EMBED, FILM).status == 200
    assert targets(stub) == ["countTokens", "embedContent"]
    assert world.ends(2)[1]["pico"] == 258 * PRICE


def test_every_request_of_a_batch_is_counted_with_its_title(world: World) -> None:
    stub = furnish(world, counting(4_010, told=4_010))
    requests = [{"model": "models/gemini-embedding-001", "title": "A film", **FILM}, LONG]
    assert world.ask(BATCH, {"requests": requests}).status == 200
    titled = {"parts": [{"text": "A film"}, *FILM["content"]["parts"]]}
    assert stub.asked[0].json == {"contents": [titled, LONG["content"]]}


@pytest.mark.parametrize("answers", [counting(status=404), counting("many"), counting(10**9)])
def test_where_a_count_does_not_help_it_is_refused_as_before(world: World, answers: Any) -> None:
    stub = furnish(world, answers)
    answer = world.ask(EMBED, LONG)
    assert (answer.status, "too little for this call" in answer.says) == (402, True)
    assert "embedContent" not in targets(stub)
    assert len(world.ends(1)) == len(world.records("begin")) == 1


def test_tools_that_work_unseen_are_not_counted(world: World) -> None:
    stub = furnish(world, counting())
    assert world.ask(EMBED, {"content": {"parts": [{"text": "Hi", "somethingNew": {}}]}}).status == 403
    assert stub.asked == []
