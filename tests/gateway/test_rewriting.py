"""A few members of a request are changed, and not a byte beside them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenlane.gateway.wires.editing import edited
from greenlane.gateway.wires.reading import asked
from greenlane.gateway.wires.rewriting import rewritten

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from(["model", "a", 'x"y', "{", "é"]), JSON, max_size=5),
    st.sampled_from([("model",), ("a", "b"), ("new", "deep", "er"), ("é",), ('x"y', "{")]),
    JSON,
    st.booleans(),
    st.sampled_from([None, 1]),
)
def test_an_edit_changes_one_member_and_nothing_else(
    body: dict[str, Any], path: tuple[str, ...], value: Any, plain: bool, indent: int | None
) -> None:
    text = json.dumps(body, ensure_ascii=plain, indent=indent)
    if "\\ud" in text.lower() or any(
        "\ud800" <= one <= "\udfff" for one in json.dumps([value, body], ensure_ascii=False)
    ):
        return
    expected = json.loads(text)
    inner = expected
    for name in path[:-1]:
        if not isinstance(inner.get(name), dict):
            inner[name] = {}
        inner = inner[name]
    inner[path[-1]] = value
    assert json.loads(edited(text.encode(), {path: value})) == expected


def test_every_other_byte_stays() -> None:
    body = b'{ "messages":[ {"role":"user","content":"\\u00e9 \\"model\\": 1.0"} ],\n "temperature":1.0, "model" : "fast" }'
    new = rewritten("openai-chat", body, model="gpt-5.5", most=100)
    assert new.body == b'{"max_completion_tokens":100,' + body[1:].replace(b'"fast"', b'"gpt-5.5"')
    assert new.changed == ("model", "max_completion_tokens")


def test_several_members_are_changed_at_once() -> None:
    changes = {("b", "x"): 1, ("b", "y"): 2, ("n", "p"): 3, ("n", "q"): 4, ("a",): 5, ("s", "t"): 6}
    body = b'{"a": 0, "b": {"x": 0 }, "s": "no object"}'
    assert edited(body, changes) == b'{"n":{"q":4,"p":3},"a": 5, "b": {"y":2,"x": 1 }, "s": {"t":6}}'


def test_what_needs_no_change_is_not_changed() -> None:
    body = b'{"model":"m","max_tokens":5,"stream":true,"stream_options":{"include_usage":true},"messages":[]}'
    same = rewritten("openai-chat", body, model="m", most=50, include_usage=True)
    assert same.body is body
    assert same.changed == ()


@pytest.mark.parametrize(
    ("wire", "body", "changed"),
    [
        ("openai-chat", {"max_tokens": 900}, {"max_tokens": 50}),
        (
            "openai-chat",
            {"max_tokens": 900, "max_completion_tokens": 20},
            {"max_tokens": 50, "max_completion_tokens": 20},
        ),
        ("openai-responses", {"input": "a"}, {"input": "a", "max_output_tokens": 50}),
        ("openai-embeddings", {"input": "a"}, {"input": "a"}),
        ("gemini-generate", {"contents": []}, {"contents": [], "generationConfig": {"maxOutputTokens": 50}}),
        (
            "gemini-generate",
            {"generation_config": {"max_output_tokens": 99, "thinking_config": {"thinking_budget": 70}}},
            {"generation_config": {"max_output_tokens": 50, "thinking_config": {"thinking_budget": 50}}},
        ),
        (
            "anthropic-messages",
            {"max_tokens": 9000, "thinking": {"type": "enabled", "budget_tokens": 8000}},
            {"max_tokens": 50, "thinking": {"type": "disabled"}},
        ),
        ("anthropic-count", {"messages": []}, {"messages": []}),
    ],
)
def test_a_limit_is_lowered_by_the_name_that_the_request_uses(
    wire: str, body: dict[str, Any], changed: dict[str, Any]
) -> None:
    assert json.loads(rewritten(wire, json.dumps(body).encode(), most=50).body) == changed


def test_thinking_stays_within_the_limit() -> None:
    body = {"max_tokens": 9000, "thinking": {"type": "enabled", "budget_tokens": 8000}}
    new = rewritten("anthropic-messages", json.dumps(body).encode(), most=4000)
    assert json.loads(new.body) == {"max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 3999}}
    assert new.changed == ("max_tokens", "thinking.budget_tokens")


def test_a_server_that_knows_the_old_name_alone_gets_it() -> None:
    assert json.loads(rewritten("openai-chat", b"{}", most=5, limit="max_tokens").body) == {"max_tokens": 5}


def test_usage_is_asked_for_in_streams_alone() -> None:
    options = {"stream": True, "stream_options": {"include_obfuscation": False}}
    new = rewritten("openai-chat", json.dumps(options).encode(), include_usage=True)
    assert json.loads(new.body)["stream_options"] == {"include_usage": True, "include_obfuscation": False}
    assert rewritten("openai-chat", b'{"stream":false}', include_usage=True).changed == ()


def test_a_batch_of_embeddings_is_sent_to_another_model_as_a_whole() -> None:
    batch = b'{"requests":[{"model":"models/a","content":{"parts":[{"text":"x"}]}}]}'
    new = rewritten("gemini-embed", batch, model="b")
    assert asked("gemini-embed", new.body, "b").model == "b"
