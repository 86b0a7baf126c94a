"""OpenAI's responses (platform.openai.com/docs/api-reference/responses)."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from tests.gateway.provider.mind import Answer, Prompt, Tool
from tests.gateway.provider.openai_errors import SORRY, check, function, message
from tests.gateway.provider.prices import MODELS, Counts
from tests.gateway.provider.served import Event, Json, Served, dumped
from tests.gateway.provider.tokens import count, picture, pieces
from tests.gateway.provider.wrong import Wrong, need

KNOWN = frozenset(
    [
        "access_programs",
        "background",
        "context_management",
        "conversation",
        "image",
        "include",
        "input",
        "input_transformations",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "model",
        "moderation",
        "multi_agent",
        "parallel_tool_calls",
        "previous_response_id",
        "prompt",
        "prompt_cache_diagnostics",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning",
        "safety_identifier",
        "service_tier",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "truncation",
        "user",
        "client_metadata",
    ]
)
SEAL = "gAAAAABstandin-"


class Kept:
    """Responses that were stored, by id: what the model would read of them."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}


def prompt(body: Json, kept: Kept) -> Prompt:
    """What the model reads. Raises ``Wrong``."""
    check(body, KNOWN)
    parts: list[tuple[str, int, str]] = []
    if body.get("instructions"):
        parts.append((body["instructions"], count(body["instructions"]) + 4, ""))
    if (before := body.get("previous_response_id")) is not None:
        what = f"Previous response with id '{before}' not found."
        need(before in kept.texts, message(what, "previous_response_id", "previous_response_not_found"))
        parts.append((kept.texts[before], count(kept.texts[before]), ""))
    given = body.get("input") or []
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    cues, results = "", []
    called: set[str] = set()
    for at, item in enumerate(items):
        match item.get("type", "message"):
            case "message":
                text = _text(item.get("content"), parts, at)
                parts.append((f"{item['role']}: {text}", count(text) + 4, ""))
                if item["role"] == "user":
                    cues, results = text, []
            case "function_call" | "custom_tool_call":
                called.add(item["call_id"])
                said = item["name"] + (item.get("arguments") or item.get("input") or "")
                parts.append((said, count(said) + 4, ""))
            case "function_call_output" | "custom_tool_call_output":
                what = f"No tool call found for function call output with call_id {item['call_id']}."
                need(before or item["call_id"] in called, message(what, "input"))
                output = item["output"] if isinstance(item["output"], str) else _text(item["output"], parts, at)
                parts.append((output, count(output) + 4, ""))
                results.append(output)
            case "reasoning":
                sealed = item.get("encrypted_content")
                what = "The encrypted content could not be verified."
                wrong = Wrong(400, "invalid_request_error", what, None, "invalid_encrypted_content")
                need(sealed is None or sealed.startswith(SEAL), wrong)
                parts.append(("thought", 8, ""))
            case other:
                raise message(f"Invalid value: '{other}'.", f"input[{at}].type", "invalid_value")
    tools = tuple(found for one in body.get("tools") or () if (found := _tool(one, parts)) is not None)
    choice = body.get("tool_choice")
    must = choice.get("name", "any") if isinstance(choice, dict) else "any" if choice == "required" else ""
    form = (body.get("text") or {}).get("format") or {}
    effort = (body.get("reasoning") or {}).get("effort")
    thinks = MODELS[body["model"]].thinks and effort not in ("none", "minimal")
    parts.append(("", 3, ""))
    return Prompt(
        parts,
        cues,
        tuple(results),
        tools,
        must,
        body.get("max_output_tokens"),
        1,
        24 if thinks else 0,
        form.get("schema"),
    )


def _text(content: Any, parts: list[tuple[str, int, str]], at: int) -> str:
    if isinstance(content, str):
        return content
    texts = []
    for part in content or ():
        match part.get("type"):
            case "input_text" | "output_text" | "text":
                texts.append(part["text"])
            case "refusal":
                texts.append(part["refusal"])
            case "input_image":
                url = part.get("image_url") or "http"
                parts.append(("", 85 if url.startswith("http") else picture("openai", url.partition(",")[2]), ""))
            case "input_file":
                parts.append(("", 250, ""))
            case kind:
                raise message(f"Invalid value: '{kind}'.", f"input[{at}].content[0].type", "invalid_value")
    return "\n".join(texts)


def _tool(one: Json, parts: list[tuple[str, int, str]]) -> Tool | None:
    """A tool of the caller's; one of the provider's own is on offer too, but never taken up."""
    if one.get("type") == "namespace":
        for inner in one.get("tools") or ():
            _tool(inner, parts)
        return None
    if one.get("type") in ("function", "custom"):
        return function(one, parts, free=one["type"] == "custom")
    text = str(one)
    parts.append((text, count(text), ""))
    return None


def output(served: Served, answer: Answer) -> list[Json]:
    """The items of an answer."""
    items: list[Json] = []
    if answer.thought:
        told = bool((served.body.get("reasoning") or {}).get("summary"))
        summary = [{"type": "summary_text", "text": answer.thought}] if told else []
        item: Json = {"id": served.id("rs_"), "type": "reasoning", "summary": summary}
        if "reasoning.encrypted_content" in (served.body.get("include") or ()):
            item["encrypted_content"] = SEAL + b64encode(answer.thought.encode()).decode()
        items.append(item)
    if answer.text or not answer.calls:
        part = {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []}
        ended = "completed" if answer.ended != "length" else "incomplete"
        said = {"id": served.id("msg_"), "type": "message", "status": ended, "role": "assistant", "content": [part]}
        items.append(said)
    for call in answer.calls:
        kind = ("custom_tool_call", "ctc_", "input") if call.free else ("function_call", "fc_", "arguments")
        items.append(
            {
                "id": kind[1] + call.number,
                "type": kind[0],
                "status": "completed",
                "call_id": f"call_{call.number}",
                "name": call.name,
                kind[2]: call.arguments,
            }
        )
    return items


def whole(served: Served) -> Json:
    """A response."""
    (answer,) = served.answers
    cut = answer.ended == "length"
    return {
        **_frame(served),
        "status": "incomplete" if cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "completed_at": served.at,
        "output": output(served, answer),
        "usage": usage(served.counts) if served.counted else None,
    }


def _frame(served: Served) -> Json:
    body = served.body
    return {
        "id": served.id("resp_"),
        "object": "response",
        "created_at": served.at,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "max_tool_calls": None,
        "model": served.model,
        "output": [],
        "parallel_tool_calls": body.get("parallel_tool_calls", True),
        "previous_response_id": body.get("previous_response_id"),
        "prompt_cache_key": body.get("prompt_cache_key"),
        "reasoning": {"effort": (body.get("reasoning") or {}).get("effort"), "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": body.get("store", True),
        "temperature": body.get("temperature", 1.0),
        "text": body.get("text") or {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": body.get("tools") or [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None,
        "user": None,
        "metadata": body.get("metadata") or {},
    }


def events(served: Served) -> list[Event]:
    """The events of a response."""
    (answer,) = served.answers
    found: list[Event] = []

    def event(kind: str, said: int, **more: Any) -> None:
        document = {"type": kind, "sequence_number": len(found), **more}
        found.append((f"event: {kind}\n".encode() + b"data: " + dumped(document) + b"\n\n", said))

    event("response.created", 0, response=_frame(served))
    event("response.in_progress", 0, response=_frame(served))
    said = 0
    for index, item in enumerate(output(served, answer)):
        where = {"item_id": item["id"], "output_index": index}
        match item["type"]:
            case "reasoning":
                event("response.output_item.added", said, output_index=index, item={**item, "summary": []})
                for number, part in enumerate(item["summary"]):
                    summary = {**where, "summary_index": number}
                    blank = {"type": "summary_text", "text": ""}
                    event("response.reasoning_summary_part.added", said, **summary, part=blank)
                    for piece in pieces(part["text"]):
                        event("response.reasoning_summary_text.delta", said, **summary, delta=piece)
                    event("response.reasoning_summary_text.done", said, **summary, text=part["text"])
                    event("response.reasoning_summary_part.done", said, **summary, part=part)
                said += answer.thinking
            case "message":
                begun = {**item, "status": "in_progress", "content": []}
                event("response.output_item.added", said, output_index=index, item=begun)
                (part,) = item["content"]
                place = {**where, "content_index": 0}
                event("response.content_part.added", said, **place, part={**part, "text": ""})
                for piece in pieces(part["text"]):
                    said += 1
                    event("response.output_text.delta", said, **place, delta=piece, logprobs=[], obfuscation="aB3x")
                event("response.output_text.done", said, **place, text=part["text"], logprobs=[])
                event("response.content_part.done", said, **place, part=part)
            case kind:
                name = "arguments" if kind == "function_call" else "input"
                group = "response.function_call_arguments" if name == "arguments" else "response.custom_tool_call_input"
                begun = {**item, "status": "in_progress", name: ""}
                said += count(item["name"])
                event("response.output_item.added", said, output_index=index, item=begun)
                for piece in pieces(item[name]):
                    said += 1
                    event(f"{group}.delta", said, **where, delta=piece)
                event(f"{group}.done", said, **where, **{name: item[name]})
        event("response.output_item.done", said, output_index=index, item=item)
    last = whole(served)
    event(f"response.{last['status']}", answer.said, response=last)
    return found


def usage(counts: Counts) -> Json:
    """What was used."""
    return {
        "input_tokens": counts.read,
        "input_tokens_details": {"cached_tokens": counts.cached, "cache_write_tokens": 0},
        "output_tokens": counts.said,
        "output_tokens_details": {"reasoning_tokens": counts.thought},
        "total_tokens": counts.read + counts.said,
    }


def trouble() -> bytes:
    """An error in the middle of a stream."""
    document = {"type": "error", "sequence_number": 9, "code": "server_error", "message": SORRY, "param": None}
    return b"event: error\ndata: " + dumped(document) + b"\n\n"
