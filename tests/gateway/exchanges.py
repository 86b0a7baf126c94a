"""One answer as each provider gives it, whole and as a stream: a sealed thought, a text, two calls, and what they cost."""

from __future__ import annotations

import json
from typing import Any

from tests.gateway.features import ANTHROPIC, CHAT, GEMINI, RESPONSES, Json

SEALS = {CHAT: "c2VhbA==", RESPONSES: "ZW5jcnlwdGVk", ANTHROPIC: "c2lnbmF0dXJl", GEMINI: "c2VhbA=="}


def sse(*events: Any) -> bytes:
    return b"".join(
        (f"event: {one['type']}\n" if isinstance(one, dict) and "type" in one else "").encode()
        + b"data: "
        + (one.encode() if isinstance(one, str) else json.dumps(one, ensure_ascii=False).encode())
        + b"\n\n"
        for one in events
    )


def call(id_: str, name: str, arguments: str, **more: Any) -> Json:
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}, **more}


GOOGLE = {"extra_content": {"google": {"thought_signature": SEALS[CHAT]}}}
CHAT_USAGE = {
    "prompt_tokens": 100,
    "completion_tokens": 30,
    "total_tokens": 130,
    "prompt_tokens_details": {"cached_tokens": 40},
    "completion_tokens_details": {"reasoning_tokens": 20},
}
RESPONSES_USAGE = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 0},
    "output_tokens": 30,
    "output_tokens_details": {"reasoning_tokens": 20},
    "total_tokens": 130,
}
ANTHROPIC_USAGE = {
    "input_tokens": 60,
    "cache_read_input_tokens": 40,
    "cache_creation_input_tokens": 0,
    "output_tokens": 30,
    "output_tokens_details": {"thinking_tokens": 20},
}
GEMINI_USAGE = {
    "promptTokenCount": 100,
    "cachedContentTokenCount": 40,
    "candidatesTokenCount": 10,
    "thoughtsTokenCount": 20,
    "totalTokenCount": 130,
}
OUTPUT = [
    {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "Let me see."}],
        "encrypted_content": SEALS[RESPONSES],
    },
    {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "Hello wörld", "annotations": []}],
    },
    {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "look", "arguments": '{"city":"Bern"}'},
    {"type": "function_call", "id": "fc_2", "call_id": "c2", "name": "now", "arguments": "{}"},
]
WHOLE: dict[str, Json] = {
    CHAT: {
        "id": "a1",
        "object": "chat.completion",
        "created": 5,
        "model": "gpt",
        "choices": [
            {
                "index": 0,
                "finish_reason": "tool_calls",
                "message": {
                    "role": "assistant",
                    "reasoning_content": "Let me see.",
                    "content": "Hello wörld",
                    "tool_calls": [call("c1", "look", '{"city":"Bern"}', **GOOGLE), call("c2", "now", "{}")],
                },
            }
        ],
        "usage": CHAT_USAGE,
    },
    RESPONSES: {
        "id": "a1",
        "object": "response",
        "created_at": 5,
        "status": "completed",
        "model": "gpt",
        "output": OUTPUT,
        "usage": RESPONSES_USAGE,
    },
    ANTHROPIC: {
        "id": "a1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [
            {"type": "thinking", "thinking": "Let me see.", "signature": SEALS[ANTHROPIC]},
            {"type": "text", "text": "Hello wörld"},
            {"type": "tool_use", "id": "c1", "name": "look", "input": {"city": "Bern"}},
            {"type": "tool_use", "id": "c2", "name": "now", "input": {}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": ANTHROPIC_USAGE,
    },
    GEMINI: {
        "responseId": "a1",
        "modelVersion": "gemini",
        "candidates": [
            {
                "index": 0,
                "finishReason": "STOP",
                "content": {
                    "role": "model",
                    "parts": [
                        {"text": "Let me see.", "thought": True},
                        {"text": "Hello wörld"},
                        {
                            "functionCall": {"id": "c1", "name": "look", "args": {"city": "Bern"}},
                            "thoughtSignature": SEALS[GEMINI],
                        },
                        {"functionCall": {"id": "c2", "name": "now", "args": {}}},
                    ],
                },
            }
        ],
        "usageMetadata": GEMINI_USAGE,
    },
}


def chunk(delta: Json, reason: str | None = None) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return {
        "id": "a1",
        "object": "chat.completion.chunk",
        "created": 5,
        "model": "gpt",
        "choices": [choice],
        "usage": None,
    }


def calls(index: int, **more: Any) -> Json:
    return chunk({"tool_calls": [{"index": index, **more}]})


def arguments(text: str) -> Json:
    return {"function": {"arguments": text}}


def block(index: int, first: Json, *deltas: Json) -> list[Json]:
    started = {"type": "content_block_start", "index": index, "content_block": first}
    moved = [{"type": "content_block_delta", "index": index, "delta": one} for one in deltas]
    return [started, *moved, {"type": "content_block_stop", "index": index}]


def piece(*parts: Json, **more: Any) -> Json:
    candidate = {"index": 0, "content": {"role": "model", "parts": list(parts)}, **more}
    used = GEMINI_USAGE if more else {"promptTokenCount": 100, "cachedContentTokenCount": 40, "totalTokenCount": 100}
    return {"responseId": "a1", "modelVersion": "gemini", "candidates": [candidate], "usageMetadata": used}


def item(index: int, *between: Json) -> list[Json]:
    whole = OUTPUT[index]
    where = {"item_id": whole["id"], "output_index": index}
    added = {"type": "response.output_item.added", "output_index": index, "item": whole | {"arguments": ""}}
    return [
        added,
        *({**where, **one} for one in between),
        {"type": "response.output_item.done", **where, "item": whole},
    ]


PARTS = WHOLE[GEMINI]["candidates"][0]["content"]["parts"]
EVENTS: dict[str, list[Any]] = {
    CHAT: [
        chunk({"role": "assistant", "content": ""}),
        chunk({"reasoning_content": "Let me "}),
        chunk({"reasoning_content": "see."}),
        chunk({"content": "Hello "}),
        chunk({"content": "wörld"}),
        calls(0, **call("c1", "look", "", **GOOGLE)),
        calls(0, **arguments('{"city":')),
        calls(0, **arguments('"Bern"}')),
        calls(1, **call("c2", "now", "")),
        chunk({}, "tool_calls"),
        {**chunk({}), "choices": [], "usage": CHAT_USAGE},
        "[DONE]",
    ],
    RESPONSES: [
        {
            "type": "response.created",
            "response": {**WHOLE[RESPONSES], "status": "in_progress", "output": [], "usage": None},
        },
        *item(
            0,
            {"type": "response.reasoning_summary_text.delta", "summary_index": 0, "delta": "Let me "},
            {"type": "response.reasoning_summary_text.delta", "summary_index": 0, "delta": "see."},
        ),
        *item(
            1,
            {"type": "response.output_text.delta", "content_index": 0, "delta": "Hello "},
            {"type": "response.output_text.delta", "content_index": 0, "delta": "wörld"},
        ),
        *item(
            2,
            {"type": "response.function_call_arguments.delta", "delta": '{"city":'},
            {"type": "response.function_call_arguments.delta", "delta": '"Bern"}'},
        ),
        *item(3),
        {"type": "response.completed", "response": WHOLE[RESPONSES]},
    ],
    ANTHROPIC: [
        {
            "type": "message_start",
            "message": {
                **WHOLE[ANTHROPIC],
                "content": [],
                "stop_reason": None,
                "usage": {**ANTHROPIC_USAGE, "output_tokens": 1, "output_tokens_details": None},
            },
        },
        {"type": "ping"},
        *block(
            0,
            {"type": "thinking", "thinking": "", "signature": ""},
            {"type": "thinking_delta", "thinking": "Let me "},
            {"type": "thinking_delta", "thinking": "see."},
            {"type": "signature_delta", "signature": SEALS[ANTHROPIC]},
        ),
        *block(
            1,
            {"type": "text", "text": ""},
            {"type": "text_delta", "text": "Hello "},
            {"type": "text_delta", "text": "wörld"},
        ),
        *block(
            2,
            {"type": "tool_use", "id": "c1", "name": "look", "input": {}},
            {"type": "input_json_delta", "partial_json": ""},
            {"type": "input_json_delta", "partial_json": '{"city":'},
            {"type": "input_json_delta", "partial_json": '"Bern"}'},
        ),
        *block(3, {"type": "tool_use", "id": "c2", "name": "now", "input": {}}),
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use", "stop_sequence": None},
            "usage": ANTHROPIC_USAGE,
        },
        {"type": "message_stop"},
    ],
    GEMINI: [
        piece({"text": "Let me ", "thought": True}),
        piece({"text": "see.", "thought": True}),
        piece({"text": "Hello "}),
        piece({"text": "wörld"}),
        piece(PARTS[2], PARTS[3]),
        piece({"text": ""}, finishReason="STOP"),
    ],
}
STREAMS = {wire: sse(*events) for wire, events in EVENTS.items()}
ERRORS: dict[str, Json] = {
    CHAT: {"error": {"message": "Too much.", "type": "server_error", "code": "server_error"}},
    RESPONSES: {"type": "error", "code": "server_error", "message": "Too much.", "param": None, "sequence_number": 3},
    ANTHROPIC: {"type": "error", "error": {"type": "overloaded_error", "message": "Too much."}},
    GEMINI: {"error": {"code": 503, "message": "Too much.", "status": "UNAVAILABLE"}},
}
