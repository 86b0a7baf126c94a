"""Unusual chats of OpenAI."""

from __future__ import annotations

from tests.gateway.unusual.shapes import (
    ASKED,
    CHAT,
    DONE,
    MINI,
    Exchange,
    call,
    chat,
    choice,
    chunk,
    counts,
    delta,
    pretty,
    sse,
)

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
    ),
    Exchange(
        "a stream whose caller asked for no usage",
        CHAT,
        {**ASKED, "stream": True},
        sse(chunk(delta(content="a")), chunk(delta(finish="length")), chunk(usage=counts(5, 3)), DONE),
        {"input": 5, "output": 3},
        MINI,
        said=sse(chunk(delta(content="a")), chunk(delta(finish="length")), DONE),
    ),
)
