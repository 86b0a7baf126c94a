"""Usage is read from answers and streams of every wire, however their bytes are cut."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenlane.gateway.usage import Usage
from greenlane.gateway.wires.counting import MOST
from greenlane.gateway.wires.metering import Meter, used

CHAT_USAGE = {
    "prompt_tokens": 100,
    "completion_tokens": 30,
    "total_tokens": 130,
    "prompt_tokens_details": {"cached_tokens": 40, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 20, "audio_tokens": 0},
}
CHAT = Usage(input=60, cache_read=40, output=30, reasoning=20)
ANTHROPIC_START = {
    "input_tokens": 10,
    "cache_read_input_tokens": 500,
    "cache_creation_input_tokens": 90,
    "cache_creation": {"ephemeral_5m_input_tokens": 60, "ephemeral_1h_input_tokens": 30},
    "output_tokens": 1,
}
ANTHROPIC = Usage(input=10, cache_read=500, cache_write=60, cache_write_hour=30, output=77)
GEMINI_USAGE = {
    "promptTokenCount": 50,
    "cachedContentTokenCount": 20,
    "candidatesTokenCount": 7,
    "thoughtsTokenCount": 13,
    "totalTokenCount": 70,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 42}, {"modality": "AUDIO", "tokenCount": 8}],
}
GEMINI = Usage(input=22, cache_read=20, input_audio=8, output=20, reasoning=13)
RESPONSES_USAGE = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 10, "cache_write_tokens": 30},
    "output_tokens": 9,
    "output_tokens_details": {"reasoning_tokens": 4},
    "total_tokens": 109,
}
RESPONSES = Usage(input=60, cache_read=10, cache_write=30, output=9, reasoning=4)


def sse(*events: Any, end: str = "\n") -> bytes:
    lines = []
    for one in events:
        if isinstance(one, dict) and "type" in one:
            lines.append(f"event: {one['type']}{end}")
        lines.append(f"data: {one if isinstance(one, str) else json.dumps(one)}{end}{end}")
    return "".join(lines).encode()


def chunk(text: str) -> dict[str, Any]:
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": text}}], "usage": None}


CHAT_EVENTS = (chunk('a "usage": {"prompt_tokens": 1} {'), chunk("ü"), {"choices": [], "usage": CHAT_USAGE}, "[DONE]")
ANTHROPIC_EVENTS = (
    {"type": "message_start", "message": {"type": "message", "usage": ANTHROPIC_START}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": '"usage":{"output_tokens":1}'}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 77}},
    {"type": "message_stop"},
)
RESPONSES_EVENTS = (
    {"type": "response.created", "response": {"usage": None}},
    {"type": "response.output_text.delta", "delta": "hi"},
    {"type": "response.completed", "response": {"tools": [{"parameters": {"usage": {}}}], "usage": RESPONSES_USAGE}},
)
GEMINI_EVENTS = (
    {"candidates": [{"content": {"parts": [{"text": "a}{\\"}]}}], "usageMetadata": {"promptTokenCount": 50}},
    {"candidates": [{"content": {"parts": [{"text": "b"}]}, "finishReason": "STOP"}], "usageMetadata": GEMINI_USAGE},
)
STREAMS = {
    ("openai-chat", False): (sse(*CHAT_EVENTS), CHAT),
    ("openai-responses", False): (sse(*RESPONSES_EVENTS), RESPONSES),
    ("anthropic-messages", False): (sse(*ANTHROPIC_EVENTS), ANTHROPIC),
    ("gemini-generate", False): (sse(*GEMINI_EVENTS), GEMINI),
    ("gemini-generate", True): (json.dumps(GEMINI_EVENTS, indent=1).encode(), GEMINI),
}


@pytest.mark.parametrize(
    ("wire", "body", "expected"),
    [
        ("openai-chat", {"choices": [{"finish_reason": "stop"}], "usage": CHAT_USAGE}, CHAT),
        ("openai-responses", {"object": "response", "usage": RESPONSES_USAGE}, RESPONSES),
        (
            "openai-responses",
            {"output": [{"type": "web_search_call"}] * 2, "usage": RESPONSES_USAGE},
            replace(RESPONSES, searches=2),
        ),
        (
            "openai-responses",
            {"tool_usage": {"web_search": {"num_requests": 3}}, "usage": RESPONSES_USAGE},
            replace(RESPONSES, searches=3),
        ),
        ("openai-embeddings", {"data": [], "usage": {"prompt_tokens": 5, "total_tokens": 5}}, Usage(input=5)),
        ("anthropic-messages", {"type": "message", "usage": {**ANTHROPIC_START, "output_tokens": 77}}, ANTHROPIC),
        ("anthropic-count", {"input_tokens": 12}, Usage()),
        ("gemini-generate", {"candidates": [{"finishReason": "STOP"}], "usageMetadata": GEMINI_USAGE}, GEMINI),
        ("gemini-embed", {"embedding": {}, "usageMetadata": {"promptTokenCount": 4}}, Usage(input=4)),
        ("gemini-count", {"totalTokens": 9}, Usage()),
        ("openai-chat", {"choices": []}, None),
        ("gemini-embed", {"embedding": {}}, None),
        ("anthropic-messages", {"type": "error", "error": {"type": "overloaded_error"}}, None),
    ],
)
def test_a_whole_answer_tells_what_it_used(wire: str, body: dict[str, Any], expected: Usage | None) -> None:
    assert used(wire, json.dumps(body).encode()) == expected


def test_what_is_no_answer_tells_nothing() -> None:
    assert used("openai-chat", b"<html>") is None
    assert used("openai-chat", b"[]") is None


@pytest.mark.parametrize("said", [rb"\ud83d", b"\xf0\x9f", b'", "logprob": NaN, "b": "'])
def test_what_a_strict_reader_does_not_take_is_counted_all_the_same(said: bytes) -> None:
    body = b'{"choices": [{"finish_reason": "length", "a": "%b"}], "usage": %b}' % (
        said,
        json.dumps(CHAT_USAGE).encode(),
    )
    assert used("openai-chat", body) == CHAT
    meter = Meter("openai-chat")
    meter.feed(b"data: " + body + b"\n\n")
    assert meter.usage == CHAT


@pytest.mark.parametrize(("wire", "array"), STREAMS)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_stream_tells_the_same_cut_at_any_byte(wire: str, array: bool, end: bytes) -> None:
    stream, expected = STREAMS[wire, array]
    stream = stream.replace(b"\n", end)
    for cut in range(len(stream)):
        meter = Meter(wire, array=array)
        meter.feed(stream[:cut])
        meter.feed(stream[cut:])
        assert meter.usage == expected, cut
        assert meter.ended
    meter = Meter(wire, array=array)
    for place in range(len(stream)):
        meter.feed(stream[place : place + 1])
    assert meter.usage == expected
    assert meter.settled(Usage(output=10_000)) == expected


@given(st.sampled_from(sorted(STREAMS)), st.binary(max_size=60), st.integers(0, 400))
def test_garbage_in_a_stream_raises_nothing(which: tuple[str, bool], noise: bytes, place: int) -> None:
    stream, _ = STREAMS[which]
    meter = Meter(which[0], array=which[1])
    meter.feed(stream[:place] + noise + stream[place:])
    meter.close()
    assert meter.settled(Usage(input=1)) is not None


WHOLE: dict[str, dict[str, Any]] = {
    "openai-chat": {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": CHAT_USAGE},
    "openai-responses": {
        "type": "response.completed",
        "response": {
            "output": [{"type": "web_search_call"}],
            "tool_usage": {"web_search": {}},
            "usage": RESPONSES_USAGE,
        },
    },
    "anthropic-messages": {
        "type": "message",
        "usage": {**ANTHROPIC_START, "output_tokens": 7, "output_tokens_details": {"thinking_tokens": 3}},
    },
    "gemini-generate": {
        "candidates": [{"content": {}, "finishReason": "STOP"}],
        "usageMetadata": {**GEMINI_USAGE, "toolUsePromptTokenCount": 4},
    },
}
NO_COUNTS = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3)),
    *(st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2)),
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every member and element of a document, with what it stands in."""
    within = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    return [*((value, name) for name, _ in within), *(one for _, inner in within for one in places(inner))]


@given(st.sampled_from(["openai-chat", "openai-responses", "anthropic-messages", "gemini-generate"]), st.data())
def test_a_provider_that_lies_is_never_paid_less_than_nothing(wire: str, data: st.DataObject) -> None:
    body = json.loads(json.dumps(WHOLE[wire]))
    for _ in range(data.draw(st.integers(1, 3))):
        within, name = data.draw(st.sampled_from(places(body)))
        within[name] = data.draw(NO_COUNTS)
    meter = Meter(wire)
    meter.feed(sse(body))
    meter.close()
    for usage in (used(wire, json.dumps(body).encode()), meter.settled(Usage(input=1, output=1))):
        if usage is not None:
            counts = [count for name, count in asdict(usage).items() if name != "estimated"]
            assert all(type(one) is int and 0 <= one <= 3 * MOST for one in counts)
            assert usage.reasoning <= usage.output


@pytest.mark.parametrize("lie", [-5, "7", True, [1], {"a": 1}, 10**30, 1.5])
def test_a_count_that_cannot_be_makes_a_usage_worthless(lie: Any) -> None:
    ceiling = Usage(input=900, output=4_000)
    body = {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": lie}}
    assert used("openai-chat", json.dumps(body).encode()) is None
    meter = Meter("openai-chat")
    meter.feed(sse(body) + b"data: [DONE]\n\n")
    assert meter.ended
    assert meter.settled(ceiling) == replace(ceiling, estimated=True)


def test_an_event_of_no_kind_ends_nothing() -> None:
    meter = Meter("openai-responses")
    meter.feed(sse({"type": ["response.completed"], "response": {"usage": RESPONSES_USAGE}}))
    assert not meter.ended


def test_thoughts_that_are_counted_beside_the_words_are_charged_too() -> None:
    usage = {
        "prompt_tokens": 32,
        "completion_tokens": 9,
        "total_tokens": 135,
        "completion_tokens_details": {"reasoning_tokens": 94},
    }
    expected = Usage(input=32, output=103, reasoning=94)
    assert used("openai-chat", json.dumps({"choices": [], "usage": usage}).encode()) == expected
    few = {**usage, "completion_tokens": 100, "total_tokens": 226}
    assert used("openai-chat", json.dumps({"choices": [], "usage": few}).encode()) == replace(expected, output=194)


def test_a_stream_that_breaks_is_charged_at_the_ceiling() -> None:
    ceiling = Usage(input=900, output=4_000)
    silent = Meter("openai-chat")
    silent.feed(sse(chunk("a")))
    assert silent.settled(ceiling) == Usage(input=900, output=4_000, estimated=True)
    half = Meter("anthropic-messages")
    half.feed(sse(*ANTHROPIC_EVENTS[:3]))
    assert half.settled(ceiling) == Usage(
        input=10, cache_read=500, cache_write=60, cache_write_hour=30, output=4_000, estimated=True
    )
    talking = Meter("gemini-generate")
    talking.feed(sse(GEMINI_EVENTS[0]))
    assert talking.settled(ceiling).output == 4_000
    drawing = Meter("gemini-generate")
    drawing.feed(sse({"candidates": [{}], "usageMetadata": {"promptTokenCount": 5, "thoughtsTokenCount": 100}}))
    assert drawing.settled(Usage(input=9, output_image=4_000)) == Usage(
        input=5, output=100, reasoning=100, output_image=3_900, estimated=True
    ), "never more than was reserved"
    speaking = Meter("gemini-generate")
    spoken = {"candidatesTokenCount": 300, "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 250}]}
    speaking.feed(sse({"candidates": [{}], "usageMetadata": {"promptTokenCount": 5, **spoken}}))
    assert speaking.settled(Usage(input=9, output_audio=4_000)) == Usage(
        input=5, output=50, output_audio=3_950, estimated=True
    ), "what was spoken stays"
    assert speaking.settled(ceiling) == Usage(input=5, output=3_750, output_audio=250, estimated=True)
    counting = Meter("openai-chat")
    counting.feed(sse({**chunk("a"), "usage": CHAT_USAGE}))
    assert counting.settled(ceiling).estimated


@pytest.mark.parametrize(
    ("wire", "event", "word"),
    [
        ("openai-chat", {"error": {"message": "m", "code": "server_error"}}, "server_error"),
        ("openai-responses", {"type": "error", "code": "rate_limit_exceeded", "message": "m"}, "rate_limit_exceeded"),
        (
            "openai-responses",
            {"type": "response.failed", "response": {"error": {"code": "server_error"}}},
            "server_error",
        ),
        ("anthropic-messages", {"type": "error", "error": {"type": "overloaded_error"}}, "overloaded_error"),
        ("gemini-generate", {"error": {"code": 503, "status": "UNAVAILABLE"}}, "UNAVAILABLE"),
    ],
)
def test_an_error_in_the_middle_of_a_stream_is_noticed(wire: str, event: dict[str, Any], word: str) -> None:
    meter = Meter(wire)
    meter.feed(sse(event))
    assert meter.trouble == word


def test_comments_that_keep_a_line_open_begin_nothing() -> None:
    meter = Meter("openai-chat")
    meter.feed(b": OPENROUTER PROCESSING\n\n")
    meter.feed(b": OPENROUTER PROCESSING\n\n" + sse({"error": {"code": 502, "message": "m"}}))
    assert (meter.begun, meter.trouble) == (False, "502")
    meter.feed(sse(chunk("a")))
    assert meter.begun


def test_the_last_event_counts_without_its_empty_line() -> None:
    meter = Meter("openai-chat")
    meter.feed(sse(CHAT_EVENTS[2]).rstrip())
    assert meter.usage is None
    meter.close()
    assert meter.usage == CHAT


def test_a_piece_that_never_ends_is_let_go() -> None:
    meter = Meter("openai-chat", longest=1_000)
    for _ in range(20):
        meter.feed(b"data: " + b"x" * 100)
    assert meter.lost
    assert meter.settled(Usage(output=5)) == Usage(output=5, estimated=True)


def test_a_token_that_a_provider_counts_twice_is_counted_once() -> None:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 1,
        "prompt_tokens_details": {"cached_tokens": 80, "audio_tokens": 60},
    }
    found = used("openai-chat", json.dumps({"usage": usage}).encode())
    assert found == Usage(input=0, cache_read=80, input_audio=20, output=1)
