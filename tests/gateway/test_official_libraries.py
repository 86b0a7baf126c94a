"""The providers' own libraries through the gateway, changed in nothing but key and address, and every token in the account."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from tests.gateway.features import PIXEL, SCHEMA
from tests.gateway.provider import KEY as STANDIN_KEY
from tests.gateway.provider import Provider
from tests.gateway.world import KEY, World, budget

ASKING = 'What is the weather? <<call look {"city": "Bern"}>>'
SOME: Any = [{"role": "user", "content": "Say hello, wörld."}]


@dataclass(frozen=True, slots=True)
class Through:
    """A gateway before the stand-in, and the three libraries."""

    world: World
    provider: Provider
    openai: openai.OpenAI
    anthropic: anthropic.Anthropic
    google: genai.Client

    def balanced(self, calls: int) -> None:
        """Every call is settled, at what the provider charges for it, and nothing of ours reached the provider."""
        ends = self.world.ends(calls)
        assert len(ends) == calls
        assert sum(one["pico"] for one in ends) == self.provider.account.pico
        self.world.until(lambda: self.world.control.spent("b_1") == self.provider.account.pico)
        for entry in self.provider.account:
            assert entry.key == STANDIN_KEY
            assert KEY not in str(entry.headers)
            assert not [name for name in entry.headers if name.startswith("greenlane")]


def stand_in_table(provider: Provider) -> dict[str, Any]:
    """The stand-in as three providers."""
    kinds = {"openai": f"{provider.address}/v1", "anthropic": provider.address, "gemini": provider.address}
    return {
        "providers": {
            kind: {
                "kind": kind,
                "base_url": address,
                "region": "eu",
                "keeps_nothing": True,
                "on": True,
                "credentials": [{"id": f"mc_{kind}", "secret": STANDIN_KEY}],
                "prices": {"gemini": "google"}.get(kind, kind),
                "networks": [],
            }
            for kind, address in kinds.items()
        },
        "usual": {kind: kind for kind in kinds},
        "budgets": {"b_1": budget(100 * 10**12)},
    }


@pytest.fixture
def through(world: World) -> Iterator[Through]:
    at = f"http://127.0.0.1:{world.port}/ai"
    with (
        Provider() as provider,
        openai.OpenAI(base_url=f"{at}/openai/v1", api_key=KEY, max_retries=0) as first,
        anthropic.Anthropic(base_url=f"{at}/anthropic", api_key=KEY, max_retries=0) as second,
        closing(genai.Client(api_key=KEY, http_options={"base_url": f"{at}/gemini"})) as third,
    ):
        world.change(stand_in_table(provider))
        yield Through(world, provider, first, second, third)


def test_chat_completions_with_streams_tools_and_pictures(through: Through) -> None:
    chat = through.openai.chat.completions
    tools: Any = [{"type": "function", "function": {"name": "look", "parameters": SCHEMA}}]
    whole = chat.create(model="gpt-5.1", messages=SOME)
    assert whole.choices[0].message.content == "You said: Say hello, wörld."
    with chat.stream(model="gpt-5.1", messages=SOME) as stream:
        assert stream.get_final_completion().choices[0].message.content == whole.choices[0].message.content
    messages: list[Any] = [{"role": "user", "content": ASKING}]
    asked: Any = {"model": "gpt-4.1-mini", "tools": tools}
    (choice,) = chat.create(messages=messages, **asked).choices
    (call,) = choice.message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "Bern"}
    messages += [choice.message, {"role": "tool", "tool_call_id": call.id, "content": "Sun."}]
    assert "Sun." in chat.create(messages=messages, **asked).choices[0].message.content
    shown: Any = [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}]
    shown.append({"type": "text", "text": "What is this?"})
    assert chat.create(model="gpt-4o-mini", messages=[{"role": "user", "content": shown}]).usage.prompt_tokens > 85
    through.balanced(5)


def test_usage_comes_in_a_stream_only_to_whoever_asked_for_it(through: Through) -> None:
    asked: Any = {"model": "gpt-5-mini", "messages": SOME, "stream": True}
    plain = list(through.openai.chat.completions.create(**asked))
    told = list(through.openai.chat.completions.create(**asked, stream_options={"include_usage": True}))
    assert [one for one in plain if one.usage or not one.choices] == []
    assert told[-1].usage.total_tokens == through.provider.account.last.counts.read + told[-1].usage.completion_tokens
    through.balanced(2)


def test_responses_with_sealed_thoughts_and_tools(through: Through) -> None:
    tool: Any = {"type": "function", "name": "look", "parameters": SCHEMA, "strict": True}
    asked: Any = {"model": "gpt-5.1", "tools": [tool], "store": False, "include": ["reasoning.encrypted_content"]}
    first = through.openai.responses.create(input=ASKING, **asked)
    told: Any = {"type": "function_call_output", "call_id": first.output[-1].call_id, "output": "Sun."}
    given: Any = [{"role": "user", "content": ASKING}, *first.output, told]
    with through.openai.responses.stream(input=given, **asked) as stream:
        assert [event.type for event in stream][-1] == "response.completed"
        assert "Sun." in stream.get_final_response().output_text
    through.balanced(2)


def test_vectors_of_two_makers(through: Through) -> None:
    packed = through.openai.embeddings.create(model="text-embedding-3-small", input=["green", "lane"])
    assert len(packed.data[1].embedding) == 1536
    (one,) = through.google.models.embed_content(model="gemini-embedding-001", contents="green").embeddings
    assert len(one.values) == 3072
    through.world.ends(2)


def test_messages_think_call_keep_and_stream(through: Through) -> None:
    messages = through.anthropic.messages
    long: Any = [{"type": "text", "text": "green " * 1500, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    asked: Any = {"model": "claude-opus-4-5", "max_tokens": 4000, "system": long}
    asked |= {"tools": [{"name": "look", "input_schema": SCHEMA}]}
    asked |= {"thinking": {"type": "enabled", "budget_tokens": 1024}}
    said: list[Any] = [{"role": "user", "content": ASKING}]
    first = messages.create(messages=said, **asked)
    assert first.usage.cache_creation.ephemeral_1h_input_tokens > 1000
    told = {"type": "tool_result", "tool_use_id": first.content[-1].id, "content": "Sun."}
    said += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [told]}]
    with messages.stream(messages=said, **asked) as stream:
        assert "Sun." in "".join(stream.text_stream)
        assert stream.get_final_message().usage.cache_read_input_tokens > 1000
    counted = messages.count_tokens(model="claude-haiku-4-5", messages=SOME)
    assert (
        counted.input_tokens
        == messages.create(model="claude-haiku-4-5", messages=SOME, max_tokens=50).usage.input_tokens
    )
    through.world.ends(3)
    assert through.provider.account.pico == sum(one["pico"] for one in through.world.records("end"))


def test_google_s_library_streams_calls_and_counts(through: Through) -> None:
    models = through.google.models
    declared: Any = {"name": "look", "parameters_json_schema": SCHEMA}
    config: Any = {"tools": [{"function_declarations": [declared]}], "thinking_config": {"include_thoughts": True}}
    whole = models.generate_content(model="gemini-3-flash-preview", contents=ASKING, config=config)
    (call,) = whole.function_calls
    told: Any = {"function_response": {"id": call.id, "name": "look", "response": {"output": "Sun."}}}
    contents: list[Any] = [
        {"role": "user", "parts": [{"text": ASKING}, {"inline_data": {"mime_type": "image/png", "data": PIXEL}}]},
        whole.candidates[0].content,
        {"role": "user", "parts": [told]},
    ]
    streamed = list(models.generate_content_stream(model="gemini-3-flash-preview", contents=contents, config=config))
    assert "Sun." in "".join(one.text or "" for one in streamed)
    assert models.count_tokens(model="gemini-2.5-flash", contents="Say hello").total_tokens == 3
    through.world.ends(2)
    assert through.provider.account.pico == sum(one["pico"] for one in through.world.records("end"))


def test_libraries_that_do_not_wait_call_many_at_once(through: Through) -> None:
    async def every() -> list[str | None]:
        address = str(through.openai.base_url)
        async with openai.AsyncOpenAI(base_url=address, api_key=KEY, max_retries=0) as client:
            asked: Any = [{"role": "user", "content": "<<words 30>>"}]
            calls = [client.chat.completions.create(model="gpt-4.1-mini", messages=asked) for _ in range(40)]
            return [one.choices[0].message.content for one in await asyncio.gather(*calls)]

    assert len(set(asyncio.run(every()))) == 1
    through.balanced(40)


def test_every_library_lists_models_and_reads_refusals(through: Through) -> None:
    through.world.change(
        {"routes": {"fast": {"targets": [{"provider": "openai", "model": "gpt-5-mini", "weight": 1}]}}}
    )
    assert "fast" in [one.id for one in through.openai.models.list()]
    assert "fast" in [one.id for one in through.anthropic.models.list()]
    assert any("fast" in str(one.name) for one in through.google.models.list())
    assert through.openai.chat.completions.create(model="fast", messages=SOME).model.startswith("gpt-5-mini")
    with pytest.raises(openai.AuthenticationError, match="does not know this key"):
        through.openai.with_options(api_key="glk_nobody").models.list()
    with pytest.raises(anthropic.AuthenticationError, match="does not know this key"):
        through.anthropic.with_options(api_key="x").messages.create(model="fast", messages=SOME, max_tokens=5)
    through.world.change({"budgets": {"b_1": budget(1)}})
    with pytest.raises(openai.APIStatusError) as spent:
        through.openai.chat.completions.create(model="gpt-5.1", messages=SOME)
    assert spent.value.status_code == 402


def test_one_app_is_served_by_every_maker_without_a_change(through: Through) -> None:
    target = {"openai": "gpt-4.1-mini", "anthropic": "claude-haiku-4-5", "gemini": "gemini-2.5-flash"}
    for provider, model in target.items():
        through.world.change({"routes": {"fast": {"targets": [{"provider": provider, "model": model, "weight": 1}]}}})
        said = through.openai.chat.completions.create(model="fast", messages=SOME, max_completion_tokens=50)
        assert said.choices[0].message.content == "You said: Say hello, wörld.", provider
        with through.anthropic.messages.stream(model="fast", messages=SOME, max_tokens=50) as stream:
            assert "".join(stream.text_stream) == "You said: Say hello, wörld.", provider
        told = through.google.models.generate_content(model="fast", contents="Say hello, wörld.")
        assert told.text == "You said: Say hello, wörld.", provider
    through.balanced(9)


def test_pictures_reach_the_provider_byte_for_byte(through: Through) -> None:
    source: Any = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    content: Any = [{"type": "image", "source": source}, {"type": "text", "text": "What is this?"}]
    through.anthropic.messages.create(
        model="claude-haiku-4-5", messages=[{"role": "user", "content": content}], max_tokens=50
    )
    sent = json.loads(through.provider.account.last.body)
    assert base64.b64decode(sent["messages"][0]["content"][0]["source"]["data"]) == base64.b64decode(PIXEL)
    through.balanced(1)
