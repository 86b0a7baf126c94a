"""Exchanges of shapes that providers do answer with and that are rarer than a question and its answer.

Each says what the provider bills for it: tokens by kind, and dollars at the rates of its public list.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
MILLION = 1_000_000
"""Pico-dollars for one token at a dollar a million."""
CHAT, RESPONSES, EMBEDDINGS = (f"/ai/openai/v1/{name}" for name in ("chat/completions", "responses", "embeddings"))
MESSAGES, COUNT = "/ai/anthropic/v1/messages", "/ai/anthropic/v1/messages/count_tokens"


@dataclass(frozen=True)
class Exchange:
    """What a caller sends, what the provider answers with byte by byte, and what it bills.

    ``rates`` is dollars a million by kind of usage; searches are dollars a thousand.
    """

    name: str
    path: str
    asked: Json
    answer: bytes
    usage: Mapping[str, int | bool]
    rates: Mapping[str, float]
    stream: bool = False
    outcome: str = "answered"
    speed: Mapping[str, str] = field(default_factory=dict)
    said: bytes | None = None
    """What the caller hears, where that is not all that was said."""

    @property
    def pico(self) -> int:
        used = {kind: int(count) for kind, count in self.usage.items() if kind != "estimated"}
        used["output"] = used.get("output", 0) - used.get("reasoning", 0)
        per = {"searches": 1_000 * MILLION, "file_searches": 1_000 * MILLION}
        rates = {"reasoning": self.rates.get("output", 0), **self.rates}
        return sum(round(rates[kind] * per.get(kind, MILLION)) * count for kind, count in used.items() if count)


def gemini(model: str, method: str = "generateContent", query: str = "") -> str:
    return f"/ai/gemini/v1beta/models/{model}:{method}{query}"


def pretty(document: Any) -> bytes:
    """As OpenAI and Google write whole answers."""
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def sse(*events: Any, named: bool = False) -> bytes:
    found = []
    for one in events:
        if isinstance(one, bytes):
            found.append(one)
        else:
            name = f"event: {one['type']}\n" if named else ""
            found.append(f"{name}data: {json.dumps(one, separators=(',', ':'))}\n\n".encode())
    return b"".join(found)


DONE = b"data: [DONE]\n\n"


def chat(model: str, usage: Json | None, *choices: Json, **more: Any) -> Json:
    base = {"id": "chatcmpl-CkQ9", "object": "chat.completion", "created": 1_795_000_000, "model": model}
    return {**base, "choices": list(choices), "usage": usage, "system_fingerprint": "fp_4a", **more}


def choice(index: int = 0, finish: str = "stop", **message: Any) -> Json:
    told = {"role": "assistant", "content": None, "refusal": None, "annotations": [], **message}
    return {"index": index, "message": told, "logprobs": None, "finish_reason": finish}


def chunk(*choices: Json, usage: Json | None = None, **more: Any) -> Json:
    base = {"id": "chatcmpl-CkQ9", "object": "chat.completion.chunk", "created": 1_795_000_000, "model": "gpt-5-mini"}
    tier = {"service_tier": "default", "system_fingerprint": None, "obfuscation": "aB3"}
    return {**base, **tier, "choices": list(choices), "usage": usage, **more}


def delta(index: int = 0, finish: str | None = None, **told: Any) -> Json:
    return {"index": index, "delta": told, "logprobs": None, "finish_reason": finish}


def call(index: int, name: str, arguments: str) -> Json:
    return {
        "index": index,
        "id": f"call_{index}",
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }


def counts(read: int, wrote: int, cached: int = 0, thought: int = 0, **more: Any) -> Json:
    """OpenAI's counts of a chat completion."""
    details = {"reasoning_tokens": thought, "audio_tokens": 0, "accepted_prediction_tokens": 0}
    return {
        "prompt_tokens": read,
        "completion_tokens": wrote,
        "total_tokens": read + wrote,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0, **more.get("reads", {})},
        "completion_tokens_details": {**details, "rejected_prediction_tokens": 0, **more.get("writes", {})},
    }


def response(model: str, usage: Json | None, *output: Json, **more: Any) -> Json:
    return {
        "id": "resp_68a",
        "object": "response",
        "created_at": 1_795_000_000,
        "status": "completed",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": model,
        "output": list(output),
        "parallel_tool_calls": True,
        "prompt_cache_key": "board",
        "reasoning": {"effort": "high", "summary": "detailed"},
        "service_tier": "default",
        "store": False,
        "tools": [],
        "usage": usage,
        **more,
    }


def response_counts(read: int, wrote: int, cached: int = 0, thought: int = 0, **more: int) -> Json:
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": more.get("written", 0)},
        "output_tokens": wrote,
        "output_tokens_details": {"reasoning_tokens": thought},
        "total_tokens": read + wrote,
    }


def text(said: str, *annotations: Json) -> Json:
    content = [{"type": "output_text", "annotations": list(annotations), "logprobs": [], "text": said}]
    return {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": content}


def search(kind: str, **more: Any) -> Json:
    return {"id": f"ws_{kind}", "type": "web_search_call", "status": "completed", "action": {"type": kind, **more}}


def message(model: str, usage: Json, *content: Json, stop: str = "end_turn", **more: Any) -> Json:
    base = {"model": model, "id": "msg_01X", "type": "message", "role": "assistant", "content": list(content)}
    return {**base, "stop_reason": stop, "stop_sequence": None, "stop_details": None, "usage": usage, **more}


def message_counts(read: int, wrote: int, minutes: int = 0, hour: int = 0, cached: int = 0, **more: Any) -> Json:
    return {
        "input_tokens": read,
        "cache_creation_input_tokens": minutes + hour,
        "cache_read_input_tokens": cached,
        "cache_creation": {"ephemeral_5m_input_tokens": minutes, "ephemeral_1h_input_tokens": hour},
        "output_tokens": wrote,
        "service_tier": "standard",
        "inference_geo": "global",
        **more,
    }


def begun(model: str, usage: Json) -> Json:
    return {"type": "message_start", "message": message(model, usage, stop=None)}  # type: ignore[arg-type]


def block(index: int, start: Json, *deltas: Json) -> list[Json]:
    moved = [{"type": "content_block_delta", "index": index, "delta": one} for one in deltas]
    first = {"type": "content_block_start", "index": index, "content_block": start}
    return [first, *moved, {"type": "content_block_stop", "index": index}]


def over(stop: str, usage: Json, **more: Any) -> list[Json]:
    ended = {"stop_reason": stop, "stop_sequence": None}
    return [{"type": "message_delta", "delta": ended, "usage": usage, **more}, {"type": "message_stop"}]


def generated(model: str, usage: Json | None, *parts: Json, finish: str | None = "STOP", **more: Any) -> Json:
    candidate = {"content": {"parts": list(parts), "role": "model"}, "index": 0, **more}
    ended = {"finishReason": finish} if finish else {}
    told = {"usageMetadata": usage} if usage else {}
    return {"candidates": [{**candidate, **ended}], **told, "modelVersion": model, "responseId": "r1"}


def by(**counts: int) -> list[Json]:
    return [{"modality": kind, "tokenCount": count} for kind, count in counts.items()]


HI = [{"role": "user", "content": "Hi"}]
MINI = {"input": 0.25, "cache_read": 0.025, "output": 2.0, "searches": 10.0, "file_searches": 2.5}
HAIKU = {"input": 1.0, "cache_read": 0.1, "cache_write": 1.25, "cache_write_hour": 2.0, "output": 5.0, "searches": 10.0}
FLASH = {
    "input": 0.3,
    "cache_read": 0.03,
    "cache_read_audio": 0.1,
    "input_audio": 1.0,
    "input_image": 0.3,
    "input_video": 0.3,
    "output": 2.5,
    "searches": 35.0,
}
ASKED = {"model": "gpt-5-mini", "messages": HI, "max_completion_tokens": 500}
WANTED = {"model": "gpt-5-mini", "input": "Hi", "max_output_tokens": 500}
SAID = {"model": "claude-haiku-4-5", "max_tokens": 500, "messages": HI}
GIVEN = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}], "generationConfig": {"maxOutputTokens": 500}}
STREAMED = "?alt=sse"

OPENAI_CHAT = (
    Exchange(
        "two calls of tools at once",
        CHAT,
        {**ASKED, "parallel_tool_calls": True, "tools": [{"type": "function", "function": {"name": "look"}}]},
        pretty(
            chat(
                "gpt-5-mini-2025-08-07",
                counts(93, 61, thought=40),
                choice(finish="tool_calls", tool_calls=[call(0, "look", '{"q":"\\u00e4"}'), call(1, "look", "{}")]),
                service_tier="default",
            )
        ),
        {"input": 93, "output": 61, "reasoning": 40},
        MINI,
    ),
    Exchange(
        "a refusal",
        CHAT,
        {**ASKED, "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}},
        pretty(chat("gpt-5-mini", counts(20, 9), choice(refusal="I'm sorry, I can't help with that."))),
        {"input": 20, "output": 9},
        MINI,
    ),
    Exchange(
        "three answers with the likelihood of each token",
        CHAT,
        {**ASKED, "n": 3, "logprobs": True, "top_logprobs": 2, "seed": 7},
        pretty(
            chat(
                "gpt-5-mini",
                counts(8, 42),
                *(
                    {**choice(n, content=f"{n}"), "logprobs": {"content": [{"token": "a", "logprob": -0.5}]}}
                    for n in range(3)
                ),
            )
        ),
        {"input": 8, "output": 42},
        MINI,
    ),
    Exchange(
        "words that were foretold wrongly",
        CHAT,
        {**ASKED, "model": "gpt-4.1", "prediction": {"type": "content", "content": "class A: ..."}},
        pretty(
            chat(
                "gpt-4.1-2025-04-14",
                counts(100, 60, writes={"accepted_prediction_tokens": 30, "rejected_prediction_tokens": 20}),
                choice(content="class B"),
            )
        ),
        {"input": 100, "output": 60},
        {"input": 2.0, "output": 8.0},
    ),
    Exchange(
        "sound that is heard and spoken",
        CHAT,
        {**ASKED, "model": "gpt-4o-audio-preview", "modalities": ["text", "audio"], "audio": {"voice": "alloy"}},
        pretty(
            chat(
                "gpt-4o-audio-preview",
                counts(
                    120,
                    90,
                    reads={"audio_tokens": 100, "text_tokens": 20, "image_tokens": 0},
                    writes={"audio_tokens": 70, "text_tokens": 20},
                ),
                choice(audio={"id": "audio_1", "data": "UklGRg==", "expires_at": 1, "transcript": "Hi"}),
            )
        ),
        {"input": 20, "input_audio": 100, "output": 20, "output_audio": 70},
        {"input": 2.5, "output": 10.0, "input_audio": 2.5, "output_audio": 10.0},
    ),
    Exchange(
        "a quick answer for more money",
        CHAT,
        {**ASKED, "service_tier": "priority"},
        pretty(chat("gpt-5-mini", counts(2_000, 10, cached=1_920), choice(content="a"), service_tier="priority")),
        {"input": 80, "cache_read": 1_920, "output": 10},
        {"input": 0.45, "cache_read": 0.045, "output": 3.6},
        speed={"service_tier": "priority"},
    ),
    Exchange(
        "a quick answer that was asked for and not given",
        CHAT,
        {**ASKED, "service_tier": "priority"},
        pretty(chat("gpt-5-mini", counts(10, 10), choice(content="a"), service_tier="default")),
        {"input": 10, "output": 10},
        MINI,
    ),
    Exchange(
        "a slow answer for less money",
        CHAT,
        {**ASKED, "service_tier": "flex"},
        pretty(chat("gpt-5-mini", counts(10, 10), choice(content="a"), service_tier="flex")),
        {"input": 10, "output": 10},
        {"input": 0.125, "output": 1.0},
        speed={"service_tier": "flex"},
    ),
    Exchange(
        "what goes into a cache costs more",
        CHAT,
        {**ASKED, "model": "gpt-6.1-terra", "prompt_cache_key": "board", "prompt_cache_retention": "24h"},
        pretty(
            chat(
                "gpt-6.1-terra",
                counts(3_000, 10, cached=1_000, reads={"cache_write_tokens": 1_500}),
                choice(content="a"),
            )
        ),
        {"input": 500, "cache_read": 1_000, "cache_write": 1_500, "output": 10},
        {"input": 1.0, "cache_read": 0.05, "cache_write": 1.25, "output": 5.0},
    ),
    Exchange(
        "a stream of two answers with calls in pieces",
        CHAT,
        {**ASKED, "n": 2, "stream": True, "stream_options": {"include_usage": True}},
        sse(
            chunk(delta(role="assistant", content="", refusal=None)),
            chunk(delta(tool_calls=[call(0, "look", "")])),
            chunk(delta(tool_calls=[{"index": 0, "function": {"arguments": '{"usage":'}}])),
            chunk(delta(tool_calls=[{"index": 0, "function": {"arguments": ' 1}"'}}])),
            chunk(delta(1, role="assistant", content="ü")),
            chunk(delta(finish="tool_calls")),
            chunk(delta(1, finish="stop")),
            chunk(usage=counts(50, 44, thought=20)),
            DONE,
        ),
        {"input": 50, "output": 44, "reasoning": 20},
        MINI,
        stream=True,
    ),
    Exchange(
        "a stream whose caller asked for no usage",
        CHAT,
        {**ASKED, "stream": True},
        sse(chunk(delta(content="a")), chunk(delta(finish="length")), chunk(usage=counts(5, 3)), DONE),
        {"input": 5, "output": 3},
        MINI,
        stream=True,
        said=sse(chunk(delta(content="a")), chunk(delta(finish="length")), DONE),
    ),
)

COMPLETED = response(
    "gpt-5-mini",
    response_counts(900, 400, cached=768, thought=320),
    {
        "id": "rs_1",
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "**Look**"}],
        "encrypted_content": "gA==",
    },
    search("search", query="usage of llamas", queries=["usage of llamas"]),
    search("open_page", url="https://a.example"),
    search("find_in_page", url="https://a.example", pattern="llama"),
    search("search", query="b"),
    {"id": "fs_1", "type": "file_search_call", "status": "completed", "queries": ["c"], "results": None},
    {"id": "mcpl_1", "type": "mcp_list_tools", "server_label": "wiki", "tools": [{"name": "ask", "input_schema": {}}]},
    {
        "id": "mcp_1",
        "type": "mcp_call",
        "server_label": "wiki",
        "name": "ask",
        "arguments": "{}",
        "output": "x",
        "error": None,
    },
    text(
        "Llamas.", {"type": "url_citation", "start_index": 0, "end_index": 6, "url": "https://a.example", "title": "A"}
    ),
    tools=[{"type": "web_search"}, {"type": "file_search", "vector_store_ids": ["vs_1"]}],
)
HOSTED = {**WANTED, "tools": [{"type": "web_search"}, {"type": "file_search", "vector_store_ids": ["vs_1"]}]}


def events(*kinds: tuple[str, Json]) -> bytes:
    return sse(*({"type": kind, "sequence_number": n, **more} for n, (kind, more) in enumerate(kinds)), named=True)


OPENAI_RESPONSES = (
    Exchange(
        "tools of the provider: two searches of four looks at the web, and one of files",
        RESPONSES,
        HOSTED,
        pretty(COMPLETED),
        {"input": 132, "cache_read": 768, "output": 400, "reasoning": 320, "searches": 2, "file_searches": 1},
        MINI,
    ),
    Exchange(
        "the same, where the provider counts its searches itself",
        RESPONSES,
        HOSTED,
        pretty({**COMPLETED, "tool_usage": {"web_search": {"num_requests": 1}, "image_gen": {"input_tokens": 0}}}),
        {"input": 132, "cache_read": 768, "output": 400, "reasoning": 320, "searches": 1, "file_searches": 1},
        MINI,
    ),
    Exchange(
        "a stream that ends for want of tokens",
        RESPONSES,
        {**WANTED, "stream": True, "include": ["reasoning.encrypted_content"]},
        events(
            ("response.created", {"response": response("gpt-5-mini", None, status="in_progress", service_tier="auto")}),
            ("response.reasoning_summary_text.delta", {"item_id": "rs_1", "delta": '"usage":{"input_tokens":1}'}),
            ("response.output_text.delta", {"item_id": "msg_1", "delta": "a", "obfuscation": "x"}),
            (
                "response.incomplete",
                {
                    "response": response(
                        "gpt-5-mini",
                        response_counts(12, 500, thought=500),
                        status="incomplete",
                        incomplete_details={"reason": "max_output_tokens"},
                    )
                },
            ),
        ),
        {"input": 12, "output": 500, "reasoning": 500},
        MINI,
        stream=True,
    ),
    Exchange(
        "a stream that was to be quick and was not",
        RESPONSES,
        {**WANTED, "stream": True, "service_tier": "priority"},
        events(
            ("response.created", {"response": response("gpt-5-mini", None, service_tier="priority")}),
            ("response.completed", {"response": response("gpt-5-mini", response_counts(10, 10), text("a"))}),
        ),
        {"input": 10, "output": 10},
        MINI,
        stream=True,
    ),
    Exchange(
        "a stream that fails after it counted",
        RESPONSES,
        {**WANTED, "stream": True},
        events(
            ("response.created", {"response": response("gpt-5-mini", None, status="in_progress")}),
            (
                "response.failed",
                {
                    "response": response(
                        "gpt-5-mini",
                        response_counts(30, 4),
                        status="failed",
                        error={"code": "server_error", "message": "The model failed to generate a response."},
                    )
                },
            ),
        ),
        {"input": 30, "output": 4},
        MINI,
        stream=True,
    ),
    Exchange(
        "a long prompt, of which much goes into a cache for long",
        RESPONSES,
        {**WANTED, "model": "gpt-6.1-terra", "prompt_cache_options": {"ttl": "12h"}},
        pretty(response("gpt-6.1-terra", response_counts(280_000, 100, cached=1_000, written=200_000), text("a"))),
        {"input": 79_000, "cache_read": 1_000, "cache_write": 200_000, "output": 100},
        {"input": 2.0, "cache_read": 0.1, "cache_write": 2.5, "output": 7.5},
    ),
)

OPENAI_EMBEDDINGS = (
    Exchange(
        "embeddings as base64, shortened",
        EMBEDDINGS,
        {"model": "text-embedding-3-small", "input": ["a", "b"], "encoding_format": "base64", "dimensions": 8},
        pretty(
            {
                "object": "list",
                "data": [{"object": "embedding", "index": n, "embedding": "AACAPwAAAAA="} for n in range(2)],
                "model": "text-embedding-3-small",
                "usage": {"prompt_tokens": 2, "total_tokens": 2},
            }
        ),
        {"input": 2},
        {"input": 0.02},
    ),
)

CACHED = message_counts(4, 1, minutes=1_000, hour=2_000, cached=5_000)
ANTHROPIC = (
    Exchange(
        "thoughts, some of them sealed, and a call",
        MESSAGES,
        {**SAID, "thinking": {"type": "enabled", "budget_tokens": 1_024}, "max_tokens": 2_048},
        sse(
            begun("claude-haiku-4-5-20251001", CACHED),
            *block(
                0,
                {"type": "thinking", "thinking": "", "signature": ""},
                {"type": "thinking_delta", "thinking": 'Hm: "usage"'},
                {"type": "signature_delta", "signature": "EqQB"},
            ),
            {"type": "ping"},
            *block(1, {"type": "redacted_thinking", "data": "EmwK"}),
            *block(
                2,
                {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}},
                {"type": "input_json_delta", "partial_json": "{}"},
            ),
            *over("tool_use", {"output_tokens": 300, "output_tokens_details": {"thinking_tokens": 250}}),
            named=True,
        ),
        {
            "input": 4,
            "cache_read": 5_000,
            "cache_write": 1_000,
            "cache_write_hour": 2_000,
            "output": 300,
            "reasoning": 250,
        },
        HAIKU,
        stream=True,
    ),
    Exchange(
        "searches of the provider, in a turn that pauses",
        MESSAGES,
        {**SAID, "tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 5}]},
        json.dumps(
            message(
                "claude-haiku-4-5-20251001",
                message_counts(9_000, 120, server_tool_use={"web_search_requests": 3, "web_fetch_requests": 1}),
                {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "a"}},
                {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
                {
                    "type": "text",
                    "text": "a",
                    "citations": [{"type": "web_search_result_location", "url": "https://a.example"}],
                },
                stop="pause_turn",
            )
        ).encode(),
        {"input": 9_000, "output": 120, "searches": 3},
        HAIKU,
    ),
    Exchange(
        "a stream whose end counts again what was read",
        MESSAGES,
        {**SAID, "stream": True, "tools": [{"type": "web_search_20250305", "name": "web_search"}]},
        sse(
            begun("claude-haiku-4-5-20251001", message_counts(2_000, 3)),
            *block(0, {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}),
            *over(
                "end_turn",
                {
                    "input_tokens": 10_500,
                    "cache_creation_input_tokens": 0,
                    "cache_read_input_tokens": 0,
                    "output_tokens": 510,
                    "server_tool_use": {"web_search_requests": 1},
                },
            ),
            named=True,
        ),
        {"input": 10_500, "output": 510, "searches": 1},
        HAIKU,
        stream=True,
    ),
    Exchange(
        "a refusal in mid-stream",
        MESSAGES,
        {**SAID, "stream": True},
        sse(
            begun("claude-haiku-4-5-20251001", message_counts(564, 1)),
            *block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "Hello.."}),
            *over("refusal", {"output_tokens": 22}),
            named=True,
        ),
        {"input": 564, "output": 22},
        HAIKU,
        stream=True,
    ),
    Exchange(
        "a context that was summed up, which is billed beside the rest",
        MESSAGES,
        {**SAID, "context_management": {"edits": [{"type": "compact_20260112"}]}},
        json.dumps(
            message(
                "claude-haiku-4-5",
                message_counts(
                    23_000,
                    1_000,
                    iterations=[
                        {"type": "compaction", **message_counts(180_000, 3_500, cached=10)},
                        {"type": "message", **message_counts(23_000, 1_000)},
                    ],
                ),
                {"type": "compaction", "content": "Summary: a"},
                context_management={"applied_edits": []},
            )
        ).encode(),
        {"input": 203_000, "cache_read": 10, "output": 4_500},
        HAIKU,
    ),
    Exchange(
        "what was cleared from a context costs nothing",
        MESSAGES,
        {**SAID, "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}},
        json.dumps(
            message(
                "claude-haiku-4-5",
                message_counts(300, 10),
                {"type": "text", "text": "a"},
                context_management={
                    "applied_edits": [
                        {"type": "clear_tool_uses_20250919", "cleared_tool_uses": 8, "cleared_input_tokens": 50_000}
                    ]
                },
            )
        ).encode(),
        {"input": 300, "output": 10},
        HAIKU,
    ),
    Exchange(
        "a long context, dearer from its first token on",
        MESSAGES,
        {**SAID, "model": "claude-sonnet-4-5"},
        json.dumps(
            message("claude-sonnet-4-5", message_counts(100_000, 10, cached=150_000), {"type": "text", "text": "a"})
        ).encode(),
        {"input": 100_000, "cache_read": 150_000, "output": 10},
        {"input": 6.0, "cache_read": 0.6, "output": 22.5},
    ),
    Exchange(
        "a fast answer",
        MESSAGES,
        {**SAID, "model": "claude-opus-5", "speed": "fast"},
        json.dumps(
            message(
                "claude-opus-5",
                message_counts(100, 10, minutes=50, speed="fast", service_tier="priority"),
                {"type": "text", "text": "a"},
            )
        ).encode(),
        {"input": 100, "cache_write": 50, "output": 10},
        {"input": 10.0, "cache_write": 12.5, "output": 50.0},
        speed={"service_tier": "priority", "speed": "fast"},
    ),
    Exchange(
        "tokens that are counted, with tools, pictures and a document",
        COUNT,
        {
            "model": "claude-haiku-4-5",
            "tools": [{"name": "look", "input_schema": {"type": "object"}}],
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image", "source": {"type": "url", "url": "https://a.example/a.png"}},
                        {
                            "type": "document",
                            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
                        },
                    ],
                }
            ],
        },
        b'{"input_tokens":2188,"context_management":{"original_input_tokens":2188}}',
        {},
        {},
    ),
)

PRO = "gemini-2.5-pro"
GEMINI = (
    Exchange(
        "thoughts, tools of the provider and a cache, by modality",
        gemini("gemini-2.5-flash"),
        {**GIVEN, "tools": [{"googleSearch": {}}, {"codeExecution": {}}], "cachedContent": "cachedContents/a"},
        pretty(
            generated(
                "gemini-2.5-flash",
                {
                    "promptTokenCount": 1_000,
                    "candidatesTokenCount": 50,
                    "totalTokenCount": 1_480,
                    "cachedContentTokenCount": 600,
                    "promptTokensDetails": by(TEXT=300, AUDIO=400, IMAGE=258, VIDEO=42),
                    "cacheTokensDetails": by(TEXT=300, AUDIO=300),
                    "toolUsePromptTokenCount": 230,
                    "toolUsePromptTokensDetails": by(TEXT=200, DOCUMENT=30),
                    "thoughtsTokenCount": 200,
                },
                {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
                {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}},
                {"text": "1"},
                groundingMetadata={"webSearchQueries": ["a", "b"], "groundingChunks": [], "searchEntryPoint": {}},
            )
        ),
        {
            "input": 200,
            "cache_read": 300,
            "cache_read_audio": 300,
            "input_audio": 100,
            "input_image": 288,
            "input_video": 42,
            "output": 250,
            "reasoning": 200,
            "searches": 1,
        },
        FLASH,
    ),
    Exchange(
        "searches of a newer model, each of which is billed",
        gemini("gemini-3-flash-preview"),
        {**GIVEN, "tools": [{"googleSearch": {}}]},
        pretty(
            generated(
                "gemini-3-flash-preview",
                {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15},
                {"text": "a"},
                groundingMetadata={"webSearchQueries": ["", "a", "b", "a"]},
            )
        ),
        {"input": 10, "output": 5, "searches": 2},
        {"input": 0.5, "output": 3.0, "searches": 14.0},
    ),
    Exchange(
        "a picture is made, with words and thoughts beside it",
        gemini("gemini-3-pro-image-preview"),
        {**GIVEN, "generationConfig": {"responseModalities": ["TEXT", "IMAGE"], "maxOutputTokens": 5_000}},
        pretty(
            generated(
                "gemini-3-pro-image-preview",
                {
                    "promptTokenCount": 9,
                    "candidatesTokenCount": 1_140,
                    "thoughtsTokenCount": 300,
                    "totalTokenCount": 1_449,
                    "candidatesTokensDetails": by(IMAGE=1_120),
                },
                {"text": "Here."},
                {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}, "thoughtSignature": "EsA="},
            )
        ),
        {"input": 9, "output": 320, "reasoning": 300, "output_image": 1_120},
        {"input": 2.0, "output": 12.0, "output_image": 120.0},
    ),
    Exchange(
        "a picture whose provider does not tell it from words",
        gemini("gemini-2.5-flash-image"),
        GIVEN,
        pretty(
            generated(
                "gemini-2.5-flash-image",
                {"promptTokenCount": 9, "candidatesTokenCount": 1_290, "totalTokenCount": 1_299},
                {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
            )
        ),
        {"input": 9, "output_image": 1_290},
        {"input": 0.3, "output_image": 30.0},
    ),
    Exchange(
        "a prompt that is blocked",
        gemini(PRO),
        GIVEN,
        pretty(
            {
                "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
                "usageMetadata": {"promptTokenCount": 7, "totalTokenCount": 7, "promptTokensDetails": by(TEXT=7)},
                "modelVersion": PRO,
            }
        ),
        {"input": 7},
        {"input": 1.25},
    ),
    Exchange(
        "a stream whose prompt is blocked",
        gemini(PRO, "streamGenerateContent", STREAMED),
        GIVEN,
        sse(
            {
                "promptFeedback": {"blockReason": "SAFETY"},
                "usageMetadata": {"promptTokenCount": 7, "totalTokenCount": 7},
            }
        ),
        {"input": 7},
        {"input": 1.25},
        stream=True,
    ),
    Exchange(
        "an answer that is stopped for safety, with nothing said",
        gemini(PRO),
        GIVEN,
        pretty(
            {
                "candidates": [
                    {
                        "finishReason": "SAFETY",
                        "index": 0,
                        "safetyRatings": [{"category": "HARM", "probability": "HIGH"}],
                    }
                ],
                "usageMetadata": {"promptTokenCount": 8, "totalTokenCount": 58, "thoughtsTokenCount": 50},
                "modelVersion": PRO,
            }
        ),
        {"input": 8, "output": 50, "reasoning": 50},
        {"input": 1.25, "output": 10.0},
    ),
    Exchange(
        "a stream as one array",
        gemini(PRO, "streamGenerateContent"),
        GIVEN,
        pretty(
            [
                generated(
                    PRO, {"promptTokenCount": 8, "totalTokenCount": 8}, {"text": 'a}],"usageMetadata"'}, finish=None
                ),
                generated(
                    PRO,
                    {"promptTokenCount": 8, "candidatesTokenCount": 6, "totalTokenCount": 14},
                    {"functionCall": {"name": "look", "args": {}}},
                ),
            ]
        ),
        {"input": 8, "output": 6},
        {"input": 1.25, "output": 10.0},
        stream=True,
    ),
    Exchange(
        "a stream of several pieces and carriage returns",
        gemini(PRO, "streamGenerateContent", STREAMED),
        GIVEN,
        sse(
            generated(
                PRO,
                {"promptTokenCount": 8, "totalTokenCount": 58, "thoughtsTokenCount": 50},
                {"text": "a", "thought": True},
                finish=None,
            ),
            generated(
                PRO,
                {"promptTokenCount": 8, "candidatesTokenCount": 3, "totalTokenCount": 61, "thoughtsTokenCount": 50},
                {"text": "b"},
                finish="MAX_TOKENS",
            ),
        ).replace(b"\n", b"\r\n"),
        {"input": 8, "output": 53, "reasoning": 50},
        {"input": 1.25, "output": 10.0},
        stream=True,
    ),
    Exchange(
        "an answer for more than the usual money",
        gemini("gemini-2.5-flash"),
        {**GIVEN, "serviceTier": "priority"},
        pretty(
            generated(
                "gemini-2.5-flash",
                {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15, "serviceTier": "priority"},
                {"text": "a"},
            )
        ),
        {"input": 10, "output": 5},
        {"input": 0.3, "output": 2.5},
        speed={"service_tier": "priority"},
    ),
    Exchange(
        "tokens that are counted",
        gemini(PRO, "countTokens"),
        {"contents": GIVEN["contents"]},
        pretty({"totalTokens": 31, "promptTokensDetails": by(TEXT=31)}),
        {},
        {},
    ),
    Exchange(
        "one embedding of a document",
        gemini("gemini-embedding-2", "embedContent"),
        {"content": {"parts": [{"text": "Hi"}]}, "taskType": "RETRIEVAL_QUERY", "outputDimensionality": 8},
        pretty(
            {
                "embedding": {"values": [0.1, -0.2]},
                "usageMetadata": {"promptTokenCount": 300, "promptTokensDetails": by(TEXT=42, DOCUMENT=258)},
            }
        ),
        {"input": 42, "input_image": 258},
        {"input": 0.2, "input_image": 0.45},
    ),
    Exchange(
        "several embeddings",
        gemini("gemini-embedding-001", "batchEmbedContents"),
        {
            "requests": [
                {"model": "models/gemini-embedding-001", "content": {"parts": [{"text": one}]}} for one in ("a", "b")
            ]
        },
        pretty({"embeddings": [{"values": [0.1]}, {"values": [0.2]}], "usageMetadata": {"promptTokenCount": 2}}),
        {"input": 2},
        {"input": 0.15},
    ),
)
EXCHANGES = (*OPENAI_CHAT, *OPENAI_RESPONSES, *OPENAI_EMBEDDINGS, *ANTHROPIC, *GEMINI)
