"""Limits by the minute, models without a price, calls that nobody can bound: each is said in words."""

from __future__ import annotations

import orjson
import pytest
from tests.gateway.stub import Asked, Line, chat, chunks
from tests.gateway.world import World, budget

DOLLAR = 10**12
ASKED = {"model": "gpt-4o-mini", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}


def test_too_many_calls_in_a_minute_are_told_to_wait(world: World) -> None:
    stub = world.serve("openai")
    world.change({"limits": {"organisation": {"requests": 3, "tokens": None}}})
    statuses = [world.ask().status for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    refused = world.ask()
    assert "There are 3 requests a minute for everybody together" in refused.says
    assert 1 <= int(refused.headers["retry-after"]) <= 20
    assert len(stub.asked) == 3
    world.change({"limits": {"organisation": {"requests": 100, "tokens": None}}})
    assert world.ask().status == 200


def test_tokens_are_counted_by_what_was_used(world: World) -> None:
    async def much(asked: Asked, line: Line) -> None:
        await line.answer(chat(read=5_000, wrote=5_000))

    world.serve("openai", much)
    world.change({"limits": {"person:p_ada": {"requests": None, "tokens": 6_000}}})
    assert world.ask().status == 200
    refused = world.ask()
    assert refused.status == 429
    assert "6000 tokens a minute" in refused.says


def test_a_refused_call_takes_nothing_of_a_limit(world: World) -> None:
    world.serve("openai")
    world.change({"budgets": {"b_1": budget(0)}, "limits": {"organisation": {"requests": None, "tokens": 1_000}}})
    for _ in range(3):
        assert world.ask(body={**ASKED, "messages": [{"role": "user", "content": "x" * 4_000}]}).status == 402


def test_a_model_without_a_price_is_reserved_at_twice_the_dearest(world: World) -> None:
    world.serve("openai")
    world.change({"budgets": {"b_1": budget(DOLLAR)}})
    assert world.ask(body={**ASKED, "model": "nobody-knows"}).status == 200
    (begin,), (end,) = world.records("begin"), world.records("end")
    assert begin["reserved"] > 100 * 2 * 10_000_000
    assert 0 < end["pico"] <= begin["reserved"]
    assert end["prices"] is None
    world.until(lambda: [one["about"] for one in world.control.notices] == ["openai/nobody-knows"])
    world.change({"settings": {"unpriced": {"says": "closed"}}})
    refused = world.ask(body={**ASKED, "model": "nobody-knows"})
    assert (refused.status, world.records("refused")[0]["code"]) == (403, "unpriced")


def test_an_administrator_s_price_counts(world: World) -> None:
    world.serve("ollama", kind="compatible", prices=None, credentials=[])
    refused = world.ask(body={**ASKED, "model": "llama"})
    assert refused.status == 403
    assert "Nobody knows what llama of ollama costs" in refused.says
    own = {"provider": "ollama", "model": "llama", "prices": {"input": 3, "output": 7}, "since": "2026-01-01"}
    world.change({"prices": {"ollama/llama": own}})
    assert world.ask(body={**ASKED, "model": "llama"}).status == 200
    assert world.records("end")[0]["pico"] == 10 * 3 + 5 * 7
    assert "authorization" not in world.stubs["ollama"].asked[0].headers
    world.change(drop={"prices": ["ollama/llama"]})
    assert world.ask(body={**ASKED, "model": "llama"}).status == 403


def test_what_cannot_be_bounded_is_refused_under_a_hard_budget_alone(world: World) -> None:
    world.serve("openai")
    hidden = {**ASKED, "web_search_options": {"search_context_size": "low"}}
    assert world.ask(body=hidden).status == 200
    world.change({"budgets": {"b_1": budget(DOLLAR)}})
    refused = world.ask(body=hidden)
    assert refused.status == 403
    assert "web_search_options" in refused.says
    assert "greenlane gateway unseen" in refused.says
    world.change({"bounds": {"organisation": DOLLAR // 10}})
    assert world.ask(body=hidden).status == 200
    assert world.records("begin")[-1]["reserved"] >= DOLLAR // 10


def test_a_document_is_bounded_by_the_longest_prompt_of_its_model(world: World) -> None:
    stub = world.serve("anthropic", kind="anthropic")
    world.change({"usual": {"anthropic": "anthropic"}, "budgets": {"b_1": budget(DOLLAR)}})
    source = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
    asked = {"max_tokens": 9, "messages": [{"role": "user", "content": [{"type": "document", "source": source}]}]}
    assert world.ask("/ai/anthropic/v1/messages", {**asked, "model": "claude-haiku-4-5"}).status == 200
    begun = world.records("begin")[0]
    assert 200_000 * 2_000_000 <= begun["reserved"] <= 220_000 * 2_000_000, (
        "all of it might go into a cache for an hour"
    )
    longer = world.ask("/ai/anthropic/v1/messages", {**asked, "model": "claude-sonnet-4-5"})
    assert longer.status == 402, "its price changes beyond 200,000 tokens: it reads longer prompts where it is asked to"
    nobody = world.ask("/ai/anthropic/v1/messages", {**asked, "model": "claude-of-next-year"})
    assert nobody.status == 403
    assert "the size of the document" in nobody.says
    assert len(stub.asked) == 1


def test_a_soft_budget_stops_nobody_and_is_told_of(world: World) -> None:
    stub = world.serve("openai")
    world.change({"budgets": {"b_1": budget(1, hard=False)}})
    assert world.ask(body=ASKED).status == 200
    assert "max_completion_tokens" not in stub.asked[0].json
    world.until(lambda: [one["notice"] for one in world.control.notices] == ["budget-spent"])
    world.until(lambda: world.control.spent("b_1") == world.records("end")[0]["pico"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"model": 1}',
        b'{"model": "a", "model": "b", "messages": []}',
        b"\xff" * 100,
        b"[" * 5_000,
    ],
)
def test_what_is_no_request_is_refused_and_noted(world: World, body: bytes) -> None:
    stub = world.serve("openai")
    answer = world.ask(body=body)
    assert answer.status == 400
    assert answer.json["error"]["type"] == "invalid_request_error"
    assert stub.asked == []
    assert [one["k"] for one in world.records()] == ["life", "rules", "refused"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/ai/openai/v1/chat/completions", 405),
        ("POST", "/ai/openai/v1/files", 404),
        ("POST", "/ai/openai/v1/../v1/chat/completions", 404),
        ("POST", "/ai/gemini/v1beta/models/x:deleteEverything", 404),
        ("POST", "/v1/chat/completions", 404),
        ("GET", "/ai/openai/v1/responses/resp_1", 404),
    ],
)
def test_what_is_not_served_is_said(world: World, method: str, path: str, status: int) -> None:
    world.serve("openai")
    answer = world.ask(path, {}, method=method)
    assert answer.status == status
    assert answer.json["error"]["message"]


@pytest.mark.parametrize(
    ("tier", "read", "write"), [("default", 250, 2_000), ("flex", 125, 1_000), ("priority", 450, 3_600)]
)
def test_a_speed_of_its_own_has_a_price_of_its_own(world: World, tier: str, read: int, write: int) -> None:
    async def tiered(asked: Asked, line: Line) -> None:
        answer = {**chat(model="gpt-5-mini"), "service_tier": tier}
        if not asked.json.get("stream"):
            await line.answer(answer)
            return
        await line.head()
        *others, last = chunks(["a"] * 5, "gpt-5-mini")
        for one in [*others, {**last, "service_tier": tier}, b"[DONE]"]:
            await line.event(one)
        await line.end()

    world.serve("openai", tiered)
    for stream in (False, True):
        assert world.ask(body={**ASKED, "model": "gpt-5-mini", "stream": stream}).status == 200
    whole, streamed = world.ends(2)
    assert whole["pico"] == streamed["pico"] == (10 * read + 5 * write) * 1_000


def test_somebody_who_keeps_asking_does_not_fill_the_disk(world: World) -> None:
    world.serve("openai")
    world.change({"budgets": {"b_1": budget(0)}})
    connection = world.kept()
    for _ in range(300):
        connection.request("POST", "/ai/openai/v1/chat/completions", orjson.dumps(ASKED), world.proof)
        assert connection.getresponse().read()
    connection.close()
    noted = world.records("refused")
    assert 100 <= len(noted) < 200
    assert {one["times"] for one in noted} >= {1}
