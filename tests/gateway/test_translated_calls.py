"""A caller of one wire is served by a provider of another, whole and streamed, priced by what the provider says."""

from __future__ import annotations

import orjson
import pytest
from tests.gateway.stub import Asked, Line, chat, chunks, message
from tests.gateway.world import KEY, Answered, World, budget

DOLLAR = 10**12
GEMINI = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "Hello"}]}, "finishReason": "STOP", "index": 0}],
    "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15},
    "modelVersion": "gemini-2.5-flash",
}


async def openai(asked: Asked, line: Line) -> None:
    if not asked.json.get("stream"):
        await line.answer(chat())
        return
    await line.head()
    for one in [*chunks(["He", "l", "l", "o", "!"]), b"[DONE]"]:
        await line.event(one)
    await line.end()


async def anthropic(asked: Asked, line: Line) -> None:
    if not asked.json.get("stream"):
        await line.answer(message())
        return
    await line.head()
    start = {**message(), "content": [], "usage": {"input_tokens": 10, "output_tokens": 1}}
    await line.event({"type": "message_start", "message": start})
    await line.event({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    await line.event({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}})
    await line.event({"type": "content_block_stop", "index": 0})
    await line.event({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}})
    await line.event({"type": "message_stop"})
    await line.end()


async def gemini(asked: Asked, line: Line) -> None:
    if "stream" not in asked.target:
        await line.answer(GEMINI)
        return
    await line.head()
    await line.event(GEMINI)
    await line.end()


PROVIDERS = {
    "openai": (openai, "gpt-4o-mini", 10 * 150_000 + 5 * 600_000),
    "anthropic": (anthropic, "claude-sonnet-4-5", 10 * 3_000_000 + 5 * 15_000_000),
    "gemini": (gemini, "gemini-2.5-flash", 10 * 300_000 + 5 * 2_500_000),
}


def furnish(world: World) -> None:
    for kind, (answers, _, _) in PROVIDERS.items():
        world.serve(kind, answers, kind)
    routes = {
        f"to-{kind}": {"targets": [{"provider": kind, "model": model, "weight": 1}], "otherwise": []}
        for kind, (_, model, _) in PROVIDERS.items()
    }
    world.change({"routes": routes, "budgets": {"b_1": budget(DOLLAR)}, "usual": {kind: kind for kind in PROVIDERS}})


def asking(world: World, caller: str, alias: str, *, stream: bool) -> Answered:
    turns = [{"role": "user", "content": "Hi"}]
    if caller == "gemini":
        method = "streamGenerateContent?alt=sse" if stream else "generateContent"
        body = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}], "generationConfig": {"maxOutputTokens": 50}}
        return world.ask(f"/ai/gemini/v1beta/models/{alias}:{method}", body, key=None, **{"x-goog-api-key": KEY})
    if caller == "responses":
        body = {"model": alias, "max_output_tokens": 50, "input": "Hi", "stream": stream, "store": False}
        return world.ask("/ai/openai/v1/responses", body)
    body = {"model": alias, "max_tokens": 50, "messages": turns, "stream": stream}
    path = "/ai/openai/v1/chat/completions" if caller == "openai" else "/ai/anthropic/v1/messages"
    return world.ask(path, body)


@pytest.mark.parametrize("stream", [False, True])
def test_every_wire_is_served_by_every_provider(world: World, stream: bool) -> None:
    furnish(world)
    for caller in ("openai", "responses", "anthropic", "gemini"):
        for kind, (_, model, pico) in PROVIDERS.items():
            if (caller, kind) == ("responses", "openai"):
                continue  # it speaks that wire itself, and this one answers as a chat
            answer = asking(world, caller, f"to-{kind}", stream=stream)
            said = f"{caller} to {kind}: {answer.body.decode()}"
            assert answer.status == 200, said
            assert "Hello" in answer.body.decode().replace('"', "") or stream, said
            end = world.ends(1)[-1]
            assert (end["outcome"], end["usage"].get("estimated", False)) == ("answered", False), said
            assert end["pico"] == pico, said
            assert world.records("begin")[-1]["model"] == model
    for kind, stub in world.stubs.items():
        for asked in stub.asked:
            secret = {"openai": "authorization", "anthropic": "x-api-key", "gemini": "x-goog-api-key"}[kind]
            assert f"sk-{kind}" in asked.headers[secret]
            assert KEY not in f"{asked.target} {asked.headers}"
            assert kind != "anthropic" or len(asked.headers) > 0
    assert any(asked.headers.get("anthropic-version") for asked in world.stubs["anthropic"].asked)


def test_what_cannot_be_said_there_is_refused_with_every_reason(world: World) -> None:
    furnish(world)
    body = {"model": "to-anthropic", "messages": [], "logit_bias": {"1": 1}, "seed": 1}
    answer = world.ask(body=body)
    assert answer.status == 400
    assert "'logit_bias'" in answer.says
    assert world.stubs["anthropic"].asked == []
    assert world.records("refused")[-1]["code"] == "untranslatable"


def test_embeddings_stay_with_who_speaks_their_wire(world: World) -> None:
    furnish(world)
    answer = world.ask("/ai/openai/v1/embeddings", {"model": "to-gemini", "input": "Hi"})
    assert answer.status == 400
    assert "no counterpart" in answer.says


def test_an_error_is_told_in_the_caller_s_wire(world: World) -> None:
    async def refusing(asked: Asked, line: Line) -> None:
        await line.answer({"type": "error", "error": {"type": "invalid_request_error", "message": "too long"}}, 400)

    world.serve("anthropic", refusing, "anthropic")
    world.change({"usual": {"openai": "anthropic"}})
    answer = world.ask(body={"model": "claude-sonnet-4-5", "messages": []})
    assert (answer.status, answer.says) == (400, "too long")
    assert "param" in answer.json["error"]


def test_gemini_s_array_is_metered_as_it_passes(world: World) -> None:
    async def array(asked: Asked, line: Line) -> None:
        await line.head(kind="application/json")
        await line.chunk(b"[" + orjson.dumps(GEMINI) + b"]")
        await line.end()

    stub = world.serve("gemini", array, "gemini")
    world.change({"usual": {"gemini": "gemini"}})
    body = {"contents": [{"parts": [{"text": "Hi"}]}]}
    answer = world.ask(f"/ai/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent?key={KEY}", body, key=None)
    assert answer.json == [GEMINI]
    assert stub.asked[0].target == "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
    (end,) = world.ends(1)
    assert end["usage"] == {"input": 10, "output": 5}


def test_tokens_are_counted_for_nothing(world: World) -> None:
    async def counting(asked: Asked, line: Line) -> None:
        await line.answer({"input_tokens": 14})

    stub = world.serve("anthropic", counting, "anthropic")
    world.change({"usual": {"anthropic": "anthropic"}, "budgets": {"b_1": budget(0)}})
    answer = world.ask(
        "/ai/anthropic/v1/messages/count_tokens?beta=true",
        {"model": "claude-sonnet-4-5", "messages": []},
        **{"anthropic-version": "2023-06-01", "anthropic-beta": "token-counting-2024-11-01"},
    )
    assert answer.json == {"input_tokens": 14}
    assert stub.asked[0].target == "/v1/messages/count_tokens?beta=true"
    assert stub.asked[0].headers["anthropic-beta"] == "token-counting-2024-11-01"
    assert world.records("end")[0]["pico"] == 0


def test_what_a_usual_provider_has_a_price_for_is_listed(world: World) -> None:
    for kind in ("openai", "anthropic", "gemini"):
        world.serve(kind, kind=kind)
    world.change({"usual": {"openai": "openai", "anthropic": "anthropic", "gemini": "gemini"}})
    own = {"provider": "openai", "model": "our-tuned", "prices": {"input": 3}, "since": "2026-01-01"}
    world.change({"prices": {"openai/our-tuned": own}})
    names = [one["id"] for one in world.ask("/ai/openai/v1/models", method="GET").json["data"]]
    assert {"gpt-5-mini", "text-embedding-3-small", "our-tuned"} <= set(names)
    assert "whisper-1" not in names, "nobody counts its minutes here"
    assert len(names) == len(set(names))
    messages = {one["id"] for one in world.ask("/ai/anthropic/v1/models", method="GET").json["data"]}
    assert "claude-haiku-4-5" in messages
    assert "gpt-5-mini" not in messages
    gemini = {one["name"]: one for one in world.ask("/ai/gemini/v1beta/models", method="GET").json["models"]}
    assert "generateContent" in gemini["models/gemini-2.5-flash"]["supportedGenerationMethods"]
    assert "generateContent" not in gemini["models/gemini-embedding-001"]["supportedGenerationMethods"]
    world.change({"allowed": {"organisation": ["gpt-5-*"]}})
    allowed = [one["id"] for one in world.ask("/ai/openai/v1/models", method="GET").json["data"]]
    assert "gpt-5-mini" in allowed
    assert all(one.startswith("gpt-5-") for one in allowed)


def test_models_are_listed_as_each_library_reads_them(world: World) -> None:
    furnish(world)
    openai_list = world.ask("/ai/openai/v1/models", method="GET").json
    assert {"to-openai", "gpt-4o-mini"} <= {one["id"] for one in openai_list["data"]}
    assert world.ask("/ai/openai/v1/models/to-openai", method="GET").json["id"] == "to-openai"
    anthropic_list = world.ask("/ai/anthropic/v1/models", method="GET").json
    assert anthropic_list["data"][0]["type"] == "model"
    gemini_list = world.ask("/ai/gemini/v1beta/models", method="GET").json
    assert gemini_list["models"][0]["name"].startswith("models/")
    world.change({"allowed": {"organisation": ["claude-*"]}})
    names = {one["id"] for one in world.ask("/ai/openai/v1/models", method="GET").json["data"]}
    assert names == {"to-anthropic", "claude-sonnet-4-5"}
    assert world.ask("/ai/openai/v1/models/gpt-4o", method="GET").status == 404
    refused = world.ask(body={"model": "gpt-4o", "messages": []})
    assert refused.status == 403
    assert "claude-*" in refused.says
