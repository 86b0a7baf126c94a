"""Answers and streams reach the caller in its own words, whatever the provider's, and the official libraries read them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import product
from typing import Any

import anthropic
import httpx2
import openai
import orjson
import pytest
from google import genai
from google.genai import types as google
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.exchanges import ERRORS, EVENTS, SEALS, STREAMS, WHOLE, sse
from tests.gateway.features import ANTHROPIC, CHAT, GEMINI, RESPONSES, chat_tools

from greenlane.gateway.usage import Usage
from greenlane.gateway.wires.metering import Meter, used
from greenlane.gateway.wires.reading import asked
from greenlane.gateway.wires.refusing import headers, refusal
from greenlane.gateway.wires.translating import (
    TRANSLATED,
    Translator,
    translate_answer,
    translate_error,
    translate_request,
)

PAIRS = list(product(TRANSLATED, TRANSLATED))
USED = Usage(input=60, cache_read=40, output=30, reasoning=20)
TOLD = ("Let me see.", "Hello wörld", [("look", {"city": "Bern"}), ("now", {})])
Told = tuple[str, str, list[tuple[str, Any]]]


def streamed(caller: str, upstream: str, data: bytes | None = None, **more: Any) -> bytes:
    translator = Translator(caller, upstream, created=5, include_usage=True, **more)
    return translator.feed(STREAMS[upstream] if data is None else data) + translator.close()


@pytest.mark.parametrize(("caller", "upstream"), PAIRS)
def test_a_stream_is_the_same_however_it_is_cut(caller: str, upstream: str) -> None:
    stream, whole = STREAMS[upstream], streamed(caller, upstream)
    for cut in range(0, len(stream), 7):
        translator = Translator(caller, upstream, created=5, include_usage=True)
        assert translator.feed(stream[:cut]) + translator.feed(stream[cut:]) + translator.close() == whole
    translator = Translator(caller, upstream, created=5, include_usage=True)
    single = [translator.feed(stream[place : place + 1]) for place in range(len(stream))]
    assert b"".join(single) + translator.close() == whole


@pytest.mark.parametrize(("caller", "upstream"), PAIRS)
def test_what_a_stream_used_is_the_same_on_both_sides(caller: str, upstream: str) -> None:
    for wire, stream in ((upstream, STREAMS[upstream]), (caller, streamed(caller, upstream))):
        meter = Meter(wire)
        meter.feed(stream)
        assert (meter.usage, meter.ended, meter.trouble) == (USED, True, None)
    assert used(caller, translate_answer(caller, upstream, json.dumps(WHOLE[upstream]).encode())) == USED


@pytest.mark.parametrize(("caller", "upstream"), PAIRS)
def test_a_stream_says_what_the_whole_answer_says(caller: str, upstream: str) -> None:
    """The stream that a caller gets is carried once more, by the official library, and told like the whole answer."""
    whole = translate_answer(caller, upstream, json.dumps(WHOLE[upstream]).encode())
    stream = streamed(caller, upstream)
    assert TELL[caller](stub(whole, stream), False) == TELL[caller](stub(whole, stream), True) == TOLD


@pytest.mark.parametrize(("caller", "upstream"), [pair for pair in PAIRS if pair[0] != pair[1]])
def test_a_seal_goes_out_and_comes_back(caller: str, upstream: str) -> None:
    """What the provider sealed is among what the caller sends with the next request, in its place."""
    translated = json.loads(translate_answer(caller, upstream, json.dumps(WHOLE[upstream]).encode()))
    body: dict[str, Any] = {
        CHAT: lambda: {"messages": [translated["choices"][0]["message"]]},
        RESPONSES: lambda: {"input": translated["output"]},
        ANTHROPIC: lambda: {"messages": [{"role": "assistant", "content": translated["content"]}]},
        GEMINI: lambda: {"contents": [translated["candidates"][0]["content"]]},
    }[caller]()
    again = translate_request(caller, upstream, json.dumps({"model": "m", **body}).encode(), "gemini-3").decode()
    assert SEALS[upstream] in again
    assert "greenlane" not in again
    assert again.count("skip_thought_signature_validator") == 0


@pytest.mark.parametrize(("caller", "upstream"), PAIRS)
@pytest.mark.parametrize("sent", [1, 4])
def test_an_error_in_mid_stream_reaches_the_caller_in_its_words(caller: str, upstream: str, sent: int) -> None:
    out = streamed(caller, upstream, sse(*EVENTS[upstream][:sent], ERRORS[upstream], *EVENTS[upstream][sent:]))
    meter = Meter(caller)
    meter.feed(out)
    assert meter.trouble
    assert not meter.ended
    assert b"Too much." in out
    with pytest.raises((openai.APIError, anthropic.APIError, genai.errors.APIError, ValueError)):
        TELL[caller](stub(b"", out), True)


@pytest.mark.parametrize(("caller", "upstream"), PAIRS)
def test_a_stream_that_stops_short_breaks_off_in_words(caller: str, upstream: str) -> None:
    for sent in (0, 1, 3):
        out = streamed(caller, upstream, sse(*EVENTS[upstream][:sent]))
        assert b"broke off before its end" in out


@given(st.sampled_from(PAIRS), st.binary(max_size=80), st.integers(0, 3000))
def test_garbage_never_raises(pair: tuple[str, str], noise: bytes, place: int) -> None:
    stream = STREAMS[pair[1]]
    streamed(*pair, stream[:place] + noise + stream[place:])


@given(st.sampled_from(PAIRS), st.sampled_from([b'{"choices":3}', b"[]", b'{"type":4}', b'{"candidates":[3]}', b"7"]))
def test_an_event_of_no_wire_breaks_off_or_says_nothing(pair: tuple[str, str], event: bytes) -> None:
    assert isinstance(streamed(*pair, b"data: " + event + b"\n\n"), bytes)


@pytest.mark.parametrize("upstream", TRANSLATED)
def test_gemini_streams_as_an_array_where_it_is_asked_to(upstream: str) -> None:
    pieces = json.loads(streamed(GEMINI, upstream, array=True))
    assert pieces[-1]["candidates"][0]["finishReason"] == "STOP"
    assert json.loads(streamed(GEMINI, upstream, b"", array=True))[0]["error"]["code"] == 502


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"7", b'{"choices":3}', b'{"content":[3]}', b'{"output":{}}', b'{"candidates":4}']
)
def test_what_is_no_answer_is_not_carried_or_is_an_empty_one(body: bytes) -> None:
    for caller, upstream in PAIRS:
        with suppress(ValueError):
            assert isinstance(json.loads(translate_answer(caller, upstream, body)), dict)


@pytest.mark.parametrize(
    ("upstream", "change", "expected"),
    [
        (CHAT, {"finish_reason": "length"}, ("length", "max_output_tokens", "max_tokens", "MAX_TOKENS")),
        (CHAT, {"finish_reason": "content_filter"}, ("content_filter", "content_filter", "refusal", "SAFETY")),
        (GEMINI, {"finishReason": "SAFETY"}, ("content_filter", "content_filter", "refusal", "SAFETY")),
        (GEMINI, {"finishReason": "MAX_TOKENS"}, ("length", "max_output_tokens", "max_tokens", "MAX_TOKENS")),
    ],
)
def test_the_reason_of_an_end_is_carried(upstream: str, change: dict[str, Any], expected: tuple[str, ...]) -> None:
    body = json.loads(json.dumps(WHOLE[upstream]))
    body["choices" if upstream == CHAT else "candidates"][0].update(change)
    found = [json.loads(translate_answer(caller, upstream, json.dumps(body).encode())) for caller in TRANSLATED]
    assert found[0]["choices"][0]["finish_reason"] == expected[0]
    assert found[1]["incomplete_details"]["reason"] == expected[1]
    assert found[2]["stop_reason"] == expected[2]
    assert found[3]["candidates"][0]["finishReason"] == expected[3]


def test_a_blocked_prompt_is_an_answer_that_was_filtered() -> None:
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}}
    assert (
        json.loads(translate_answer(CHAT, GEMINI, json.dumps(blocked).encode()))["choices"][0]["finish_reason"]
        == "content_filter"
    )
    assert b'"refusal"' in streamed(ANTHROPIC, GEMINI, sse(blocked))


# The official libraries, each talking to a stub that answers what was translated.


def stub(whole: bytes, stream: bytes, status: int = 200) -> httpx2.Client:
    def answer(request: httpx2.Request) -> httpx2.Response:
        path, body = request.url.path, request.read()
        wanted = b'"stream":true' in body.replace(b" ", b"") or "stream" in path
        kind = "text/event-stream" if wanted and status == 200 else "application/json"
        given = {name.decode(): value.decode() for name, value in headers()} if status != 200 else {}
        return httpx2.Response(
            status, content=stream if wanted and status == 200 else whole, headers={**given, "content-type": kind}
        )

    return httpx2.Client(transport=httpx2.MockTransport(answer))


def openai_of(client: httpx2.Client) -> openai.OpenAI:
    return openai.OpenAI(api_key="k", base_url="http://gateway/ai/openai/v1", http_client=client, max_retries=0)


def anthropic_of(client: httpx2.Client) -> anthropic.Anthropic:
    return anthropic.Anthropic(api_key="k", base_url="http://gateway/ai/anthropic", http_client=client, max_retries=0)


def google_of(client: httpx2.Client) -> genai.Client:
    once = google.HttpRetryOptions(attempts=1)
    options = google.HttpOptions(base_url="http://gateway/ai/gemini", httpx_client=client, retry_options=once)
    return genai.Client(api_key="k", http_options=options)


def tell_chat(client: httpx2.Client, stream: bool) -> Told:
    messages: Any = [{"role": "user", "content": "hi"}]
    if not stream:
        message: Any = openai_of(client).chat.completions.create(model="m", messages=messages).choices[0].message
    else:
        with openai_of(client).chat.completions.stream(model="m", messages=messages) as events:
            message = events.get_final_completion().choices[0].message
    called = [(one.function.name, json.loads(one.function.arguments)) for one in message.tool_calls]
    return message.reasoning_content, message.content, called


def tell_responses(client: httpx2.Client, stream: bool) -> Told:
    if not stream:
        response: Any = openai_of(client).responses.create(model="m", input="hi")
    else:
        with openai_of(client).responses.stream(model="m", input="hi") as events:
            response = events.get_final_response()
    words = "".join(part.text for one in response.output if one.type == "reasoning" for part in one.summary)
    called = [(one.name, json.loads(one.arguments)) for one in response.output if one.type == "function_call"]
    return words, response.output_text, called


def tell_anthropic(client: httpx2.Client, stream: bool) -> Told:
    asked_for: Any = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    if not stream:
        message: Any = anthropic_of(client).messages.create(**asked_for)
    else:
        with anthropic_of(client).messages.stream(**asked_for) as events:
            message = events.get_final_message()
    words = "".join(one.thinking for one in message.content if one.type == "thinking")
    said = "".join(one.text for one in message.content if one.type == "text")
    return words, said, [(one.name, one.input) for one in message.content if one.type == "tool_use"]


def tell_gemini(client: httpx2.Client, stream: bool) -> Told:
    models = google_of(client).models
    pieces: Iterator[Any] = (
        models.generate_content_stream(model="m", contents="hi")
        if stream
        else iter([models.generate_content(model="m", contents="hi")])
    )
    parts = [part for one in pieces for part in one.candidates[0].content.parts or ()]
    words = "".join(part.text for part in parts if part.thought and part.text)
    said = "".join(part.text for part in parts if part.text and not part.thought)
    return words, said, [(part.function_call.name, part.function_call.args) for part in parts if part.function_call]


TELL: dict[str, Callable[[httpx2.Client, bool], Told]] = {
    CHAT: tell_chat,
    RESPONSES: tell_responses,
    ANTHROPIC: tell_anthropic,
    GEMINI: tell_gemini,
}


@pytest.mark.parametrize("caller", TRANSLATED)
@pytest.mark.parametrize("status", [400, 402, 403, 429, 503])
@pytest.mark.parametrize("stream", [False, True])
def test_the_libraries_show_the_sentence_of_a_refusal(caller: str, status: int, stream: bool) -> None:
    said = refusal(caller, status, "budget-spent", "The budget of Vendor board is spent.", "Ask for more.")
    with pytest.raises((openai.APIStatusError, anthropic.APIStatusError, genai.errors.APIError)) as error:
        TELL[caller](stub(said, said, status), stream)
    assert "The budget of Vendor board is spent. Ask for more." in str(error.value)
    assert getattr(error.value, "status_code", getattr(error.value, "code", None)) == status


@pytest.mark.parametrize("caller", TRANSLATED)
@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"error": {"message": "Too much.", "type": "tokens", "code": "rate_limit_exceeded"}}, "Too much."),
        ({"type": "error", "error": {"type": "rate_limit_error", "message": "Too much."}}, "Too much."),
        ({"error": {"code": 429, "message": "Too much.", "status": "RESOURCE_EXHAUSTED"}}, "Too much."),
        ([{"error": {"code": 429, "message": "Too much.", "status": "RESOURCE_EXHAUSTED"}}], "Too much."),
        ({"error": "busy"}, "status 429 and no words"),
        ([], "status 429 and no words"),
        ("<html>", "status 429 and no words"),
    ],
)
def test_the_libraries_show_what_a_provider_says_against_a_call(caller: str, body: Any, told: str) -> None:
    said = translate_error(caller, 429, body.encode() if isinstance(body, str) else json.dumps(body).encode())
    with pytest.raises((openai.RateLimitError, anthropic.RateLimitError, genai.errors.ClientError), match=told):
        TELL[caller](stub(said, said, 429), False)


def test_what_the_libraries_send_is_understood() -> None:
    seen: list[tuple[str, bytes]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append((request.url.path, request.read()))
        return httpx2.Response(400, json={"error": {"message": "enough"}})

    client = httpx2.Client(transport=httpx2.MockTransport(answer))
    for tell in TELL.values():
        with pytest.raises((openai.APIStatusError, anthropic.APIStatusError, genai.errors.APIError)):
            tell(client, False)
    with pytest.raises(openai.APIStatusError):
        openai_of(client).chat.completions.create(
            model="m", messages=[{"role": "user", "content": "hi"}], tools=chat_tools("a"), user="é"
        )
    with pytest.raises(genai.errors.APIError):
        google_of(client).models.embed_content(model="m", contents=["a", "b"])
    with pytest.raises(genai.errors.APIError):
        google_of(client).models.count_tokens(model="m", contents="hi")
    with pytest.raises(anthropic.APIStatusError):
        anthropic_of(client).messages.count_tokens(model="m", messages=[{"role": "user", "content": "hi"}])
    with pytest.raises(openai.APIStatusError):
        openai_of(client).embeddings.create(model="m", input=["a", "b"])
    wires = (*TRANSLATED, CHAT, "gemini-embed", "gemini-count", "anthropic-count", "openai-embeddings")
    for wire, (path, body) in zip(wires, seen, strict=True):
        in_path = path.rpartition("/")[2].partition(":")[0] if wire.startswith("gemini") else ""
        found = asked(wire, body, in_path)
        assert (found.model, found.hidden) == ("m", ()), path
        assert found.text_bytes >= 2


@pytest.mark.parametrize(
    ("first", "last", "speed"),
    [
        ({"speed": "fast"}, {"service_tier": "standard"}, {"speed": "fast"}),
        ({"speed": "fast"}, {"speed": "standard"}, {}),
        ({"service_tier": "priority"}, {}, {"service_tier": "priority"}),
        ({}, {"service_tier": "batch"}, {"service_tier": "batch"}),
    ],
)
def test_what_an_event_does_not_say_of_the_speed_stays_as_it_was_said(
    first: dict[str, str], last: dict[str, str], speed: dict[str, str]
) -> None:
    meter = Meter("anthropic-messages")
    began = {"type": "message_start", "message": {"usage": {"input_tokens": 3, "output_tokens": 1, **first}}}
    for event in (began, {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 5, **last}}):
        meter.feed(b"event: %b\ndata: %b\n\n" % (event["type"].encode(), orjson.dumps(event)))
    assert meter.speed == speed
