"""The stand-in is held against the providers' own libraries: what they accept, refuse and count."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from http.client import IncompleteRead
from typing import Any
from urllib.request import Request, urlopen

import anthropic
import openai
import pytest
from google import genai
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params
from tests.gateway.features import PIXEL, SCHEMA
from tests.gateway.provider import KEY, Fault, Provider, anthropic_messages, gemini, openai_chat, openai_responses
from tests.gateway.provider.prices import MODELS, Counts
from tests.gateway.provider.tokens import count, pieces

from greenlane.gateway.prices.compiling import compile_list
from greenlane.gateway.prices.listed import Listed
from greenlane.gateway.prices.table import Table
from greenlane.gateway.usage import Usage
from greenlane.gateway.wires.metering import Meter
from greenlane.gateway.wires.translating import TRANSLATED

LOOK = {"type": "function", "function": {"name": "look", "parameters": SCHEMA}}
ASKING = 'What is the weather? <<call look {"city": "Bern"}>>'


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as one:
        yield one


@pytest.fixture
def of_openai(provider: Provider) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=provider.openai, api_key=KEY, max_retries=0) as client:
        yield client


@pytest.fixture
def of_anthropic(provider: Provider) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=provider.address, api_key=KEY, max_retries=0) as client:
        yield client


@pytest.fixture
def of_google(provider: Provider) -> Iterator[genai.Client]:
    with closing(genai.Client(api_key=KEY, http_options={"base_url": provider.address})) as client:
        yield client


def test_a_completion_and_its_stream_say_and_cost_the_same(provider: Provider, of_openai: openai.OpenAI) -> None:
    asked: Any = {"model": "gpt-5.1", "messages": [{"role": "user", "content": "Say hello, world."}]}
    whole = of_openai.chat.completions.create(**asked)
    assert whole.choices[0].message.content == "You said: Say hello, world."
    stream = of_openai.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    assert "".join(one.choices[0].delta.content or "" for one in chunks if one.choices) == "You said: Say hello, world."
    assert chunks[-1].usage == whole.usage
    assert whole.usage.completion_tokens_details.reasoning_tokens == 24
    one, other = provider.account
    assert one.pico == other.pico == whole.usage.prompt_tokens * 1_250_000 + whole.usage.completion_tokens * 10_000_000
    assert whole.model == "gpt-5.1-2025-11-13"


def test_a_tool_is_called_and_its_answer_is_read(of_openai: openai.OpenAI) -> None:
    messages: list[Any] = [{"role": "user", "content": ASKING}]
    asked: Any = {"model": "gpt-4.1-mini", "tools": [LOOK]}
    (choice,) = of_openai.chat.completions.create(messages=messages, **asked).choices
    assert choice.finish_reason == "tool_calls"
    (call,) = choice.message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "Bern"}
    with of_openai.chat.completions.stream(messages=messages, **asked) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.tool_calls[0].function.arguments == call.function.arguments
    messages += [choice.message, {"role": "tool", "tool_call_id": call.id, "content": "Sun."}]
    assert "Sun." in of_openai.chat.completions.create(messages=messages, **asked).choices[0].message.content
    messages[-1]["tool_call_id"] = "call_of_nobody"
    with pytest.raises(openai.BadRequestError, match="preceding message"):
        of_openai.chat.completions.create(messages=messages, **asked)


def test_several_answers_are_counted_together(of_openai: openai.OpenAI) -> None:
    asked: Any = {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "<<words 20>>"}], "n": 3}
    whole = of_openai.chat.completions.create(**asked)
    assert whole.usage.completion_tokens == sum(count(one.message.content) for one in whole.choices)


def test_a_limit_cuts_the_answer(of_openai: openai.OpenAI, of_anthropic: anthropic.Anthropic) -> None:
    words: Any = [{"role": "user", "content": "<<words 300>>"}]
    chat = of_openai.chat.completions.create(model="gpt-4.1-mini", messages=words, max_completion_tokens=20)
    assert (chat.choices[0].finish_reason, chat.usage.completion_tokens) == ("length", 20)
    said = of_anthropic.messages.create(model="claude-haiku-4-5", messages=words, max_tokens=20)
    assert (said.stop_reason, said.usage.output_tokens) == ("max_tokens", 20)


def test_a_response_its_stream_and_the_one_after_it(of_openai: openai.OpenAI) -> None:
    tool: Any = {"type": "function", "name": "look", "parameters": SCHEMA, "strict": True}
    asked: Any = {"model": "gpt-5.1", "tools": [tool], "include": ["reasoning.encrypted_content"]}
    whole = of_openai.responses.create(input=ASKING, **asked)
    call = whole.output[-1]
    assert json.loads(call.arguments) == {"city": "Bern"}
    told: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "Sun."}
    after = of_openai.responses.create(input=[told], previous_response_id=whole.id, **asked)
    assert "Sun." in after.output_text
    given: Any = [{"role": "user", "content": ASKING}, *whole.output, told]
    with of_openai.responses.stream(input=given, store=False, **asked) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert final.output_text == after.output_text
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    given[1] = {**given[1].model_dump(), "encrypted_content": "changed"}
    with pytest.raises(openai.BadRequestError, match="could not be verified"):
        of_openai.responses.create(input=given, **asked)


def test_vectors_are_the_same_in_either_encoding(of_openai: openai.OpenAI) -> None:
    model = "text-embedding-3-small"
    packed = of_openai.embeddings.create(model=model, input=["green", "lane"])
    plain = of_openai.embeddings.create(model=model, input=["green", "lane"], encoding_format="float")
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
    assert packed.usage.total_tokens == 3


def test_a_message_thinks_calls_and_reads_the_answer(of_anthropic: anthropic.Anthropic) -> None:
    tools: Any = [{"name": "look", "input_schema": SCHEMA}]
    asked: Any = {"model": "claude-opus-4-5", "max_tokens": 4000, "tools": tools}
    asked["thinking"] = {"type": "enabled", "budget_tokens": 1024}
    messages: list[Any] = [{"role": "user", "content": ASKING}]
    whole = of_anthropic.messages.create(messages=messages, **asked)
    thought, call = whole.content
    with of_anthropic.messages.stream(messages=messages, **asked) as stream:
        final = stream.get_final_message()
    assert final.content == whole.content
    assert final.usage.output_tokens == whole.usage.output_tokens
    told = {"type": "tool_result", "tool_use_id": call.id, "content": "Sun."}
    messages += [{"role": "assistant", "content": whole.content}, {"role": "user", "content": [told]}]
    assert "Sun." in of_anthropic.messages.create(messages=messages, **asked).content[-1].text
    messages[1]["content"] = [{**thought.model_dump(), "thinking": "Something else."}, call]
    with pytest.raises(anthropic.BadRequestError, match="signature"):
        of_anthropic.messages.create(messages=messages, **asked)


def test_counting_says_what_a_message_reads(provider: Provider, of_anthropic: anthropic.Anthropic) -> None:
    source: Any = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    content: Any = [{"type": "text", "text": "What is this?"}, {"type": "image", "source": source}]
    asked: Any = {"model": "claude-haiku-4-5", "messages": [{"role": "user", "content": content}], "system": "Brief."}
    counted = of_anthropic.messages.count_tokens(**asked)
    assert counted.input_tokens == of_anthropic.messages.create(**asked, max_tokens=50).usage.input_tokens
    assert [entry.pico > 0 for entry in provider.account] == [False, True]


def test_what_is_kept_is_written_once_and_read_afterwards(of_anthropic: anthropic.Anthropic) -> None:
    long = "green " * 1500
    system: Any = [{"type": "text", "text": long, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    last: Any = {"type": "text", "text": long + "now", "cache_control": {"type": "ephemeral"}}
    asked: Any = {"model": "claude-sonnet-4-6", "max_tokens": 30, "system": system}
    asked["messages"] = [{"role": "user", "content": [last]}]
    first = of_anthropic.messages.create(**asked).usage
    again = of_anthropic.messages.create(**asked).usage
    kept = first.cache_creation
    assert min(kept.ephemeral_1h_input_tokens, kept.ephemeral_5m_input_tokens) > 1000
    assert again.cache_read_input_tokens == first.cache_creation_input_tokens
    assert (again.cache_creation_input_tokens, again.input_tokens) == (0, first.input_tokens)


def test_openai_and_google_keep_by_themselves(of_openai: openai.OpenAI, of_google: genai.Client) -> None:
    long = "lane " * 1500
    for question in ("one?", "two?"):
        chat = of_openai.chat.completions.create(
            model="gpt-4.1-mini", messages=[{"role": "user", "content": long + question}]
        )
        said = of_google.models.generate_content(model="gemini-2.5-flash", contents=long + question)
    assert chat.usage.prompt_tokens_details.cached_tokens >= 1024
    assert said.usage_metadata.cached_content_token_count >= 1024


def test_google_calls_streams_counts_and_embeds(of_google: genai.Client) -> None:
    declared: Any = {"name": "look", "parameters_json_schema": SCHEMA}
    config: Any = {"tools": [{"function_declarations": [declared]}], "thinking_config": {"include_thoughts": True}}
    model = "gemini-3-flash-preview"
    whole = of_google.models.generate_content(model=model, contents=ASKING, config=config)
    (call,) = whole.function_calls
    assert call.args == {"city": "Bern"}
    told: Any = {"function_response": {"id": call.id, "name": "look", "response": {"output": "Sun."}}}
    contents: list[Any] = [
        {"role": "user", "parts": [{"text": ASKING}]},
        whole.candidates[0].content,
        {"role": "user", "parts": [told]},
    ]
    after = of_google.models.generate_content(model=model, contents=contents, config=config)
    assert "Sun." in after.text
    streamed = list(of_google.models.generate_content_stream(model=model, contents=contents, config=config))
    assert "".join(one.text or "" for one in streamed) == after.text
    assert streamed[-1].usage_metadata.total_token_count == after.usage_metadata.total_token_count
    assert (
        of_google.models.count_tokens(model=model, contents="Say hello").total_tokens
        == of_google.models.generate_content(model=model, contents="Say hello").usage_metadata.prompt_token_count
    )
    (vector,) = of_google.models.embed_content(model="gemini-embedding-001", contents="green").embeddings
    assert len(vector.values) == 3072


def test_every_library_lists_the_models(
    of_openai: openai.OpenAI, of_anthropic: anthropic.Anthropic, of_google: genai.Client
) -> None:
    assert "gpt-5.1" in [one.id for one in of_openai.models.list()]
    assert "claude-opus-4-5" in [one.id for one in of_anthropic.models.list()]
    assert "models/gemini-2.5-flash" in [one.name for one in of_google.models.list()]


def test_an_answer_has_the_shape_that_was_asked_for(of_openai: openai.OpenAI) -> None:
    form: Any = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA, "strict": True}}
    asked: Any = {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "hi"}], "response_format": form}
    said = of_openai.chat.completions.create(**asked)
    assert json.loads(said.choices[0].message.content) == {"city": "green"}


def test_whoever_has_no_good_key_hears_it_in_its_librarys_words(
    provider: Provider, of_openai: openai.OpenAI, of_anthropic: anthropic.Anthropic
) -> None:
    words: Any = [{"role": "user", "content": "hi"}]
    client = of_openai.with_options(api_key="sk-wrong")
    with pytest.raises(openai.AuthenticationError, match="Incorrect API key"):
        client.chat.completions.create(model="gpt-5.1", messages=words)
    other = of_anthropic.with_options(api_key="sk-wrong")
    with pytest.raises(anthropic.AuthenticationError, match="invalid x-api-key"):
        other.messages.create(model="claude-haiku-4-5", messages=words, max_tokens=5)
    provider.keys["sk-wrong"] = 403
    with pytest.raises(openai.PermissionDeniedError):
        client.chat.completions.create(model="gpt-5.1", messages=words)


def test_what_the_reference_does_not_have_is_refused(
    of_openai: openai.OpenAI, of_anthropic: anthropic.Anthropic, of_google: genai.Client
) -> None:
    words: Any = [{"role": "user", "content": "hi"}]
    more: Any = {"extra_body": {"greenlane": 1}}
    with pytest.raises(openai.BadRequestError, match="greenlane"):
        of_openai.chat.completions.create(model="gpt-5.1", messages=words, **more)
    with pytest.raises(openai.NotFoundError):
        of_openai.chat.completions.create(model="gpt-0", messages=words)
    with pytest.raises(openai.BadRequestError, match="max_completion_tokens"):
        of_openai.chat.completions.create(model="gpt-5.1", messages=words, max_tokens=5)
    with pytest.raises(anthropic.BadRequestError, match="Extra inputs"):
        of_anthropic.messages.create(model="claude-haiku-4-5", messages=words, max_tokens=5, **more)
    with pytest.raises(genai.errors.ClientError, match="not found"):
        of_google.models.generate_content(model="gemini-0", contents="hi")


def test_every_field_of_the_official_libraries_is_known() -> None:
    assert set(completion_create_params.CompletionCreateParamsBase.__annotations__) <= openai_chat.KNOWN
    assert set(response_create_params.ResponseCreateParamsBase.__annotations__) <= openai_responses.KNOWN
    assert (
        set(anthropic.types.message_create_params.MessageCreateParamsBase.__annotations__) <= anthropic_messages.KNOWN
    )
    names = set(genai.types.GenerationConfig.model_fields)
    assert set(gemini.camel(dict.fromkeys(names))) <= gemini.CONFIG


@pytest.mark.parametrize(("status", "after"), [(429, "1"), (500, None), (503, "1"), (529, "1")])
def test_a_provider_that_has_trouble_says_so_before_it_begins(
    provider: Provider, of_anthropic: anthropic.Anthropic, status: int, after: str | None
) -> None:
    provider.faults.put(Fault("status", status=status))
    words: Any = [{"role": "user", "content": "hi"}]
    with pytest.raises(anthropic.APIStatusError) as refused:
        of_anthropic.messages.create(model="claude-haiku-4-5", messages=words, max_tokens=5)
    assert (refused.value.status_code, refused.value.response.headers.get("retry-after")) == (status, after)
    assert of_anthropic.messages.create(model="claude-haiku-4-5", messages=words, max_tokens=5)
    assert [entry.pico > 0 for entry in provider.account] == [False, True]


BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "openai-chat": ("/v1/chat/completions", {"model": "gpt-4.1-mini", "messages": [{"role": "user"}], "stream": True}),
    "openai-responses": ("/v1/responses", {"model": "gpt-4.1-mini", "input": [{"role": "user"}], "stream": True}),
    "anthropic-messages": (
        "/v1/messages",
        {"model": "claude-haiku-4-5", "messages": [{"role": "user"}], "stream": True, "max_tokens": 100},
    ),
    "gemini-generate": ("/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", {"contents": [{"parts": []}]}),
}


def ask(provider: Provider, wire: str, text: str) -> Any:
    """A stream, raw."""
    path, body = BODIES[wire]
    body = json.loads(json.dumps(body))
    if wire == "gemini-generate":
        body["contents"][0]["parts"].append({"text": text})
    else:
        body["input" if wire == "openai-responses" else "messages"][0]["content"] = text
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", "anthropic-version": "2023-06-01"}
    return urlopen(Request(provider.address + path, json.dumps(body).encode(), headers), timeout=10)


@pytest.mark.parametrize("wire", TRANSLATED)
def test_the_platform_reads_the_same_usage_as_the_stand_in_charges(provider: Provider, wire: str) -> None:
    with ask(provider, wire, "Say hello. <<words 30>> <<think 12>> <<fault trickle>>") as answer:
        meter = Meter(wire)
        while data := answer.read(100):
            meter.feed(data)
        meter.close()
    counts = provider.account.last.counts
    assert counts.thought == 12
    if wire != "openai-chat":  # which says nothing unless it is asked
        assert meter.usage == Usage(input=counts.plain, output=counts.said, reasoning=counts.thought)


@pytest.mark.parametrize("wire", TRANSLATED)
@pytest.mark.parametrize("kind", ["error", "cut", "reset"])
def test_a_stream_that_breaks_is_charged_as_far_as_it_came(provider: Provider, wire: str, kind: str) -> None:
    try:
        with ask(provider, wire, f"<<words 60>> <<fault {kind} after 12>>") as answer:
            answer.read()
    except (OSError, IncompleteRead):
        assert kind == "reset"
    entry = provider.account.last
    assert entry.outcome == "broken"
    assert 0 < entry.counts.said < 60


def test_whoever_leaves_pays_as_far_as_the_stream_came(provider: Provider) -> None:
    with ask(provider, "openai-chat", "<<words 500>> <<pause 0.005>>") as answer:
        answer.read(2000)
    while not len(provider.account):
        pass
    assert provider.account.last.outcome == "left"
    assert 0 < provider.account.last.counts.said < 500


def test_the_stand_in_charges_what_the_platforms_table_says() -> None:
    table = Table(Listed.of(**compile_list()))
    counts = Counts(plain=1_000, cached=200, written=30, written_hour=4, said=500, thought=60)
    usage = Usage(input=1_000, cache_read=200, cache_write=30, cache_write_hour=4, output=500, reasoning=60)
    for name, model in MODELS.items():
        provider = {"gemini": "google"}.get(model.family, model.family)
        priced = table.price(provider, name, usage, datetime.now(UTC))
        assert priced is not None, name
        assert priced.pico == model.cost(counts), name
        assert model.cost(Counts(plain=1)) == int(Decimal(model.plain) * 10**6)


def test_no_text_has_more_tokens_than_bytes() -> None:
    for text in ("Hello, wörld!  \n\n a", "日本語", "", "a" * 50, "\t\r\n…"):
        assert "".join(pieces(text)) == text
        assert count(text) <= len(text.encode())
