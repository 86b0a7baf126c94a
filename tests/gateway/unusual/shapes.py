"""What unusual exchanges are made of: the providers' own shapes, and what each exchange says of itself.

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


def message(model: str, usage: Json, *content: Json, stop: str | None = "end_turn", **more: Any) -> Json:
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
    return {"type": "message_start", "message": message(model, usage, stop=None)}


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
