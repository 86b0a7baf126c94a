"""OpenAI's chat completions (platform.openai.com/docs/api-reference/chat)."""

from __future__ import annotations

import re
from typing import Any

from tests.gateway.provider.mind import Answer, Prompt, Tool
from tests.gateway.provider.openai_errors import ERROR, check, function, message
from tests.gateway.provider.prices import MODELS, Counts
from tests.gateway.provider.served import Event, Json, Served, dumped
from tests.gateway.provider.tokens import count, picture, pieces
from tests.gateway.provider.wrong import need

KNOWN = frozenset(
    [
        "messages",
        "model",
        "audio",
        "frequency_penalty",
        "function_call",
        "functions",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "metadata",
        "modalities",
        "moderation",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning_effort",
        "response_format",
        "safety_identifier",
        "seed",
        "service_tier",
        "stop",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "user",
        "verbosity",
        "web_search_options",
    ]
)
ENDED = {"stop": "stop", "length": "length", "calls": "tool_calls"}


def prompt(body: Json) -> Prompt:
    """What the model reads. Raises ``Wrong``."""
    check(body, KNOWN, "messages")
    model = MODELS[body["model"]]
    if model.thinks and "max_tokens" in body:
        raise message(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            "max_tokens",
            "unsupported_parameter",
        )
    most = body.get("max_completion_tokens", body.get("max_tokens"))
    parts: list[tuple[str, int, str]] = []
    cues, results, called = "", [], set()
    need(body["messages"], message("Invalid 'messages': empty array.", "messages", "empty_array"))
    for at, one in enumerate(body["messages"]):
        role, content = one.get("role"), one.get("content")
        text = _text(content, parts, f"messages.[{at}].content")
        parts.append((f"{role}: {text}", count(text) + 4, ""))
        for call in one.get("tool_calls") or ():
            called.add(call["id"])
            part = call["function"]["name"] + call["function"]["arguments"]
            parts.append((part, count(part) + 4, ""))
        if role == "user":
            cues, results = text, []
        elif role == "tool":
            what = "messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
            need(one.get("tool_call_id") in called, message(f"Invalid parameter: {what}", f"messages.[{at}].role"))
            results.append(text)
    tools = tuple(_tool(one, parts) for one in body.get("tools") or ())
    choice = body.get("tool_choice")
    form = body.get("response_format") or {}
    schema = (form.get("json_schema") or {}).get("schema") or ({"type": "object"} if "json" in str(form) else None)
    parts.append(("", 3, ""))
    return Prompt(
        parts,
        cues,
        tuple(results),
        tools,
        _must(choice),
        most,
        body.get("n") or 1,
        0 if not model.thinks or body.get("reasoning_effort") in ("none", "minimal") else 24,
        schema,
    )


def _text(content: Any, parts: list[tuple[str, int, str]], where: str) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    texts = []
    for at, part in enumerate(content):
        match part.get("type"):
            case "text" | "refusal":
                texts.append(part.get("text") or part.get("refusal"))
            case "image_url":
                url = part["image_url"]["url"]
                need(re.match("https?://|data:image/", url), message("Invalid image URL.", f"{where}[{at}]"))
                parts.append(("", 85 if url.startswith("http") else picture("openai", url.partition(",")[2]), ""))
            case "file" | "input_audio":
                parts.append(("", 250, ""))
            case kind:
                raise message(f"Invalid value: '{kind}'.", f"{where}[{at}].type", "invalid_value")
    return "\n".join(texts)


def _tool(one: Json, parts: list[tuple[str, int, str]]) -> Tool:
    need(one.get("type") in ("function", "custom"), message(f"Invalid value: '{one.get('type')}'.", "tools[0].type"))
    return function(one[one["type"]], parts, free=one["type"] == "custom")


def _must(choice: Any) -> str:
    if isinstance(choice, dict):
        return str((choice.get("function") or choice.get("custom") or {}).get("name", "any"))
    return "any" if choice == "required" else ""


def whole(served: Served) -> Json:
    """A completion."""
    return {
        "id": served.id("chatcmpl-"),
        "object": "chat.completion",
        "created": served.at,
        "model": served.model,
        "choices": [_choice(at, one) for at, one in enumerate(served.answers)],
        **({"usage": usage(served.counts)} if served.counted else {}),
        "service_tier": "default",
        "system_fingerprint": "fp_6f1b0a2c9d",
    }


def _choice(at: int, one: Answer) -> Json:
    said: Json = {"role": "assistant", "content": one.text or None, "refusal": None, "annotations": []}
    if one.calls:
        said["tool_calls"] = [_called(call) for call in one.calls]
    return {"index": at, "message": said, "logprobs": None, "finish_reason": ENDED[one.ended]}


def _called(call: Any, arguments: str | None = None) -> Json:
    kind = "custom" if call.free else "function"
    said = {
        "name": call.name,
        ("input" if call.free else "arguments"): call.arguments if arguments is None else arguments,
    }
    return {"id": f"call_{call.number}", "type": kind, kind: said}


def events(served: Served) -> list[Event]:
    """The chunks of a completion."""
    options = served.body.get("stream_options") or {}
    counted = bool(options.get("include_usage")) and served.counted
    found: list[Event] = []

    def chunk(at: int, delta: Json, said: int, ended: str | None = None) -> None:
        choice = {"index": at, "delta": delta, "logprobs": None, "finish_reason": ended}
        found.append((b"data: " + dumped(_chunk(served, [choice], counted)) + b"\n\n", said))

    before = 0
    for at, one in enumerate(served.answers):
        said = before + one.thinking
        chunk(at, {"role": "assistant", "content": None if one.calls else "", "refusal": None}, said)
        for piece in pieces(one.text):
            said += 1
            chunk(at, {"content": piece}, said)
        for index, call in enumerate(one.calls):
            said += count(call.name)
            chunk(at, {"tool_calls": [{"index": index, **_called(call, "")}]}, said)
            kind, name = ("custom", "input") if call.free else ("function", "arguments")
            for piece in pieces(call.arguments):
                said += 1
                chunk(at, {"tool_calls": [{"index": index, kind: {name: piece}}]}, said)
        before += one.said
        chunk(at, {}, before, ENDED[one.ended])
    if counted:
        last = {**_chunk(served, [], counted), "usage": usage(served.counts)}
        found.append((b"data: " + dumped(last) + b"\n\n", before))
    found.append((b"data: [DONE]\n\n", before))
    return found


def _chunk(served: Served, choices: list[Json], counted: bool) -> Json:
    return {
        "id": served.id("chatcmpl-"),
        "object": "chat.completion.chunk",
        "created": served.at,
        "model": served.model,
        "service_tier": "default",
        "system_fingerprint": "fp_6f1b0a2c9d",
        "choices": choices,
        **({"usage": None} if counted else {}),
        "obfuscation": served.id("")[: 4 + served.number % 8],
    }


def usage(counts: Counts) -> Json:
    """What was used."""
    return {
        "prompt_tokens": counts.read,
        "completion_tokens": counts.said,
        "total_tokens": counts.read + counts.said,
        "prompt_tokens_details": {"cached_tokens": counts.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": counts.thought,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def trouble() -> bytes:
    """An error in the middle of a stream."""
    return b"data: " + dumped(ERROR) + b"\n\n"
