"""A request is carried to another wire without loss, or refused with every reason."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from anthropic.types import message_create_params
from google.genai import types as google
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params
from pydantic import TypeAdapter
from tests.gateway.features import ANTHROPIC, CHAT, FEATURES, GEMINI, NEAREST, RESPONSES, anthropic, chat, gemini, user

from greenlane.gateway.wires.anthropic_messages import requests as anthropic_requests
from greenlane.gateway.wires.gemini_generate import requests as gemini_requests
from greenlane.gateway.wires.neutral import Attachment, Conversation, Part, Result, Turn
from greenlane.gateway.wires.openai_chat import requests as chat_requests
from greenlane.gateway.wires.openai_responses import requests as responses_requests
from greenlane.gateway.wires.reading import NotUnderstood, asked
from greenlane.gateway.wires.refused import Reasons
from greenlane.gateway.wires.translating import TRANSLATED, Untranslatable, translate_request

READERS = {
    CHAT: chat_requests.read,
    RESPONSES: responses_requests.read,
    ANTHROPIC: anthropic_requests.read,
    GEMINI: gemini_requests.read,
}
PARAMETERS = {
    CHAT: TypeAdapter(completion_create_params.CompletionCreateParamsNonStreaming),
    RESPONSES: TypeAdapter(response_create_params.ResponseCreateParamsNonStreaming),
    ANTHROPIC: TypeAdapter(message_create_params.MessageCreateParamsNonStreaming),
}
CASES = [
    (feature, caller, upstream)
    for feature, by_wire in FEATURES.items()
    for caller, upstream in product(by_wire, TRANSLATED)
]


def carried(caller: str, upstream: str, body: dict[str, Any], model: str = "gemini-3-pro") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(translate_request(caller, upstream, json.dumps(body).encode(), model))
    return found


def outcome(caller: str, upstream: str, body: dict[str, Any]) -> dict[str, Any] | tuple[str, ...]:
    """The carried request, or the reasons why it is not carried."""
    try:
        return carried(caller, upstream, body)
    except Untranslatable as refused:
        return refused.reasons


def heard(wire: str, body: dict[str, Any]) -> Conversation:
    reasons = Reasons()
    found = READERS[wire](body, reasons)
    reasons.check()
    return found


def plain(part: Part) -> Part:
    """A part without what only names or describes it."""
    if isinstance(part, Result):
        return replace(part, parts=tuple(plain(one) for one in part.parts))
    if isinstance(part, Attachment):
        return replace(part, name="", detail="", type="" if part.url else part.type)
    return part


def meaning(conversation: Conversation, feature: str, wires: tuple[str, str]) -> Conversation:
    """A conversation without what is allowed to differ: the limit that one wire must have, and the nearest of some things."""
    turns = tuple(Turn(turn.role, tuple(map(plain, turn.parts))) for turn in conversation.turns)
    most = anthropic_requests.USUAL_MOST if conversation.most is None and ANTHROPIC in wires else conversation.most
    near = {"budget": None, "effort": None, "show_thoughts": False} if (feature, wires[1]) in NEAREST else {}
    return replace(conversation, turns=turns, most=most, **near)


def exhausted(value: Any) -> Any:
    """Everything within a validated value: pydantic looks into iterables only when somebody walks them."""
    if isinstance(value, dict):
        return {name: exhausted(one) for name, one in value.items()}
    if isinstance(value, str | bytes | int | float | None):
        return value
    return [exhausted(one) for one in value]


def accepted(wire: str, body: dict[str, Any]) -> None:
    """Raises unless the provider's own library knows every member of a request."""
    if wire != GEMINI:
        exhausted(PARAMETERS[wire].validate_python(body))
        return
    for name, kind in (
        ("contents", list[google.Content]),
        ("systemInstruction", google.Content),
        ("tools", list[google.Tool]),
        ("toolConfig", google.ToolConfig),
        ("generationConfig", google.GenerationConfig),
    ):
        TypeAdapter(kind).validate_json(json.dumps(body.pop(name))) if name in body else None
    assert not body


@pytest.mark.parametrize(("feature", "caller", "upstream"), CASES)
def test_a_request_is_carried_whole_or_refused_with_its_reasons(feature: str, caller: str, upstream: str) -> None:
    body = FEATURES[feature][caller]
    written = outcome(caller, upstream, body)
    if isinstance(written, tuple):
        assert all(reason.endswith(".") for reason in written)
        assert asked(caller, json.dumps(body).encode(), "m").model == "m"
        return
    wires = (caller, upstream)
    assert meaning(heard(upstream, written), feature, wires) == meaning(heard(caller, body), feature, wires)
    accepted(upstream, written)


def test_every_reason_is_told_at_once() -> None:
    body = chat(n=2, logit_bias={"1": 5}, presence_penalty=1, tools=[{"type": "custom", "custom": {"name": "x"}}])
    with pytest.raises(Untranslatable) as refused:
        carried(CHAT, ANTHROPIC, body)
    told = " ".join(refused.value.reasons)
    assert all(name in told for name in ("'n'", "'logit_bias'", "'presence_penalty'", "'tools.type'"))
    assert len(refused.value.reasons) == 4


def test_hints_are_left_out() -> None:
    written = carried(CHAT, ANTHROPIC, chat(store=True, metadata={"a": "b"}, service_tier="auto", seed=7))
    assert set(written) == {"model", "max_tokens", "messages"}


@pytest.mark.parametrize(
    "body",
    [
        {"messages": "hi"},
        {"messages": [{"role": "user", "content": [3]}]},
        {"messages": [], "tools": [{"type": "function", "function": 4}]},
        {"messages": [], "stop": 5},
        {"messages": [], "response_format": {"type": "json_schema", "json_schema": []}},
    ],
)
def test_what_has_the_wrong_shape_is_not_understood(body: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstood):
        carried(CHAT, GEMINI, body)


def test_sealed_thoughts_reach_the_provider_that_sealed_them_through_every_wire() -> None:
    told = {
        CHAT: chat(
            {
                "role": "assistant",
                "content": "so",
                "extra_content": {
                    "greenlane": {"thoughts": [{"text": "hm", "seal": "greenlane.anthropic..c2Vh.bA=="}]}
                },
            }
        ),
        ANTHROPIC: anthropic(
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "c2Vh.bA=="},
                    {"type": "text", "text": "so"},
                ],
            }
        ),
        RESPONSES: {
            "model": "m",
            "input": [
                {
                    "type": "reasoning",
                    "id": "rs_1",
                    "summary": [{"type": "summary_text", "text": "hm"}],
                    "encrypted_content": "greenlane.anthropic..c2Vh.bA==",
                },
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "so"}]},
            ],
        },
        GEMINI: gemini(
            {
                "role": "model",
                "parts": [
                    {"text": "hm", "thought": True},
                    {"text": "so", "thoughtSignature": "Z3JlZW5sYW5lLmFudGhyb3BpYy4uYzJWaC5iQT09"},
                ],
            }
        ),
    }
    for caller, body in told.items():
        content = carried(caller, ANTHROPIC, body)["messages"][0]["content"]
        assert content == [
            {"type": "thinking", "thinking": "hm", "signature": "c2Vh.bA=="},
            {"type": "text", "text": "so"},
        ], caller
        for other in (RESPONSES, GEMINI, CHAT):
            if other != caller:
                assert "c2Vh" not in json.dumps(carried(caller, other, body))


def test_openai_is_sent_nothing_that_it_does_not_know() -> None:
    thoughts = {"thoughts": [{"text": "hm", "seal": "greenlane.gemini..c2VhbA=="}]}
    kept = {"reasoning_content": "hm", "extra_content": {"greenlane": thoughts}}
    sealed = {"extra_content": {"google": {"thought_signature": "c2VhbA=="}}}
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    body = chat({"role": "assistant", "content": "so", "tool_calls": [{**call, **sealed}], **kept})
    assert carried(CHAT, CHAT, body)["messages"] == [{"role": "assistant", "content": "so", "tool_calls": [call]}]


def test_thinking_needs_its_thoughts_back_and_no_tool_that_must_be_called() -> None:
    budget = {"max_tokens": 9000, "thinking": {"type": "enabled", "budget_tokens": 8000}}
    called = {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {}}]}
    assert carried(ANTHROPIC, ANTHROPIC, anthropic(called, **budget))["thinking"]["type"] == "adaptive"
    thought = {"type": "thinking", "thinking": "hm", "signature": "c2VhbA=="}
    thoughtful = {"role": "assistant", "content": [thought, *called["content"]]}
    assert carried(ANTHROPIC, ANTHROPIC, anthropic(thoughtful, **budget))["thinking"]["type"] == "enabled"
    forced = {"tools": [{"name": "f", "input_schema": {}}], "tool_choice": {"type": "any"}}
    assert "thinking" not in carried(ANTHROPIC, ANTHROPIC, anthropic(**budget, **forced))


def test_a_call_of_another_model_gets_the_seal_that_gemini_documents_for_it() -> None:
    body = FEATURES["tools with parallel calls and results"][CHAT]
    newer = carried(CHAT, GEMINI, body)["contents"][1]["parts"]
    assert [part.get("thoughtSignature") for part in newer] == [gemini_requests.FOREIGN_CALL, None]
    older = carried(CHAT, GEMINI, body, "gemini-2.5-pro")["contents"][1]["parts"]
    assert all("thoughtSignature" not in part for part in older)
    kept = FEATURES["tools with parallel calls and results"][CHAT]["messages"][1]["tool_calls"][0]
    kept = {**kept, "extra_content": {"google": {"thought_signature": "c2VhbA=="}}}
    part = carried(CHAT, GEMINI, chat({"role": "assistant", "tool_calls": [kept]}))["contents"][0]["parts"][0]
    assert part["thoughtSignature"] == "c2VhbA=="


def test_calls_without_ids_are_answered_in_their_order() -> None:
    written = carried(GEMINI, ANTHROPIC, FEATURES["tools with parallel calls and results"][GEMINI])
    called = [block["id"] for block in written["messages"][1]["content"]]
    answered = [block["tool_use_id"] for block in written["messages"][2]["content"]]
    assert called == answered == ["call_1", "call_2"]


def test_a_result_that_answers_nothing_is_refused_where_its_tool_must_be_named() -> None:
    with pytest.raises(Untranslatable, match="answers no call"):
        carried(CHAT, GEMINI, chat({"role": "tool", "tool_call_id": "x", "content": "sun"}))


def test_a_failed_result_says_so_where_a_wire_can() -> None:
    body = anthropic(
        {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {}}]},
        user({"type": "tool_result", "tool_use_id": "a", "content": "no net", "is_error": True}),
    )
    response = carried(ANTHROPIC, GEMINI, body)["contents"][1]["parts"][0]["functionResponse"]
    assert response["response"] == {"error": "no net"}
    back = carried(GEMINI, ANTHROPIC, carried(ANTHROPIC, GEMINI, body))["messages"][1]["content"][0]
    assert (back["is_error"], back["content"]) == (True, [{"type": "text", "text": "no net"}])


def test_several_allowed_tools_are_named_or_the_others_left_out() -> None:
    allowed = {"mode": "auto", "tools": [{"type": "function", "function": {"name": "a"}}]}
    tools = [{"type": "function", "function": {"name": name, "parameters": {}}} for name in "ab"]
    body = chat(tools=tools, tool_choice={"type": "allowed_tools", "allowed_tools": allowed})
    assert [one["name"] for one in carried(CHAT, ANTHROPIC, body)["tools"]] == ["a"]
    assert [one["name"] for one in carried(CHAT, GEMINI, body)["tools"][0]["functionDeclarations"]] == ["a"]
    assert carried(CHAT, RESPONSES, body)["tool_choice"]["tools"] == [{"type": "function", "name": "a"}]


def test_older_models_of_gemini_get_budgets_for_efforts() -> None:
    wanted = carried(CHAT, GEMINI, chat(reasoning_effort="medium"), "gemini-2.5-flash")["generationConfig"]
    assert wanted == {"thinkingConfig": {"thinkingBudget": 8192}}


def test_a_stream_is_asked_for_in_the_body_where_it_stands_there() -> None:
    for upstream in TRANSLATED:
        body = json.loads(translate_request(GEMINI, upstream, json.dumps(gemini()).encode(), "m", stream=True))
        assert body.get("stream") is (None if upstream == GEMINI else True)
        assert body.get("stream_options") == ({"include_usage": True} if upstream == CHAT else None)


def test_clearing_a_context_is_free_and_summing_it_up_is_not() -> None:
    cleared = anthropic(context_management={"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]})
    assert asked(ANTHROPIC, json.dumps(cleared).encode()).hidden == ()
    assert "context_management" not in carried(ANTHROPIC, CHAT, cleared)
    summed = anthropic(context_management={"edits": [{"type": "compact_20260112"}]})
    assert asked(ANTHROPIC, json.dumps(summed).encode()).hidden == ("context_management",)
    assert outcome(ANTHROPIC, CHAT, summed) == ("'context_management' has no counterpart at this model's provider.",)
