"""Unusual messages of Anthropic."""

from __future__ import annotations

import json

from tests.gateway.unusual.shapes import (
    COUNT,
    HAIKU,
    MESSAGES,
    SAID,
    Exchange,
    begun,
    block,
    message,
    message_counts,
    over,
    sse,
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
