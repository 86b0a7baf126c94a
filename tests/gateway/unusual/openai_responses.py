"""Unusual responses of OpenAI, and embeddings."""

from __future__ import annotations

from tests.gateway.unusual.shapes import (
    EMBEDDINGS,
    MINI,
    RESPONSES,
    WANTED,
    Exchange,
    Json,
    pretty,
    response,
    response_counts,
    search,
    sse,
    text,
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
