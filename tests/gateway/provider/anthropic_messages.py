"""Anthropic's messages and token counting (docs.anthropic.com/en/api/messages)."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from typing import Any

from tests.gateway.provider.mind import Answer, Prompt, Tool
from tests.gateway.provider.prices import MODELS, Counts
from tests.gateway.provider.served import Event, Json, Served, dumped
from tests.gateway.provider.tokens import count, picture, pieces
from tests.gateway.provider.wrong import Wrong, need, unknown

KNOWN = frozenset(
    [
        "cache_control",
        "compaction",
        "container",
        "context_management",
        "diagnostics",
        "fallback_credit_token",
        "fallbacks",
        "inference_geo",
        "max_tokens",
        "mcp_servers",
        "messages",
        "metadata",
        "model",
        "output_config",
        "service_tier",
        "speed",
        "stop_sequences",
        "stream",
        "system",
        "temperature",
        "thinking",
        "thread",
        "tool_choice",
        "tools",
        "top_k",
        "top_p",
        "user_profile_id",
        "workspace_id",
    ]
)
ENDED = {"stop": "end_turn", "length": "max_tokens", "calls": "tool_use"}
KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}
_SECRET = b"the stand-in signs its thoughts"


def _wrong(message: str) -> Wrong:
    return Wrong(400, "invalid_request_error", message)


def signature(thought: str) -> str:
    """A seal of a thought, which must come back with it unchanged."""
    return b64encode(hmac.digest(_SECRET, thought.encode(), "sha256") * 3).decode()


def prompt(body: Json, *, counting: bool = False) -> Prompt:
    """What the model reads. Raises ``Wrong``."""
    for name in ("model", "messages") if counting else ("model", "messages", "max_tokens"):
        need(name in body, _wrong(f"{name}: Field required"))
    name = unknown(body, KNOWN - {"max_tokens", "stream"} if counting else KNOWN)
    need(name is None, _wrong(f"{name}: Extra inputs are not permitted"))
    model = MODELS.get(body["model"])
    need(model is not None and model.family == "anthropic", Wrong(404, "not_found_error", f"model: {body['model']}"))
    need(counting or body["max_tokens"] >= 1, _wrong("max_tokens: Input should be greater than or equal to 1"))
    need(body["messages"], _wrong("messages: at least one message is required"))
    thinking = body.get("thinking") or {}
    if thinking.get("type") == "enabled":
        budget = thinking.get("budget_tokens", 0)
        need(budget >= 1024, _wrong("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"))
        need(
            counting or budget < body["max_tokens"],
            _wrong("`max_tokens` must be greater than `thinking.budget_tokens`."),
        )
    parts: list[tuple[str, int, str]] = []
    tools = tuple(found for one in body.get("tools") or () if (found := _tool(one, parts)) is not None)
    system = body.get("system") or []
    blocks = [{"type": "text", "text": system}] if isinstance(system, str) else system
    parts += [(block["text"], count(block["text"]), _life(block)) for block in blocks]
    cues, results = "", []
    called: set[str] = set()
    for at, message in enumerate(body["messages"]):
        need(
            message.get("role") in ("user", "assistant", "system"),
            _wrong(f"messages.{at}.role: Input should be 'user'"),
        )
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        texts, answered = [], []
        parts.append((message["role"], 4, ""))
        for number, block in enumerate(blocks):
            text = _block(block, parts, called, f"messages.{at}.content.{number}", answered)
            texts.append(text)
        if message["role"] == "user" and answered:
            results = answered
        elif message["role"] == "user":
            cues, results = "\n".join(texts), []
    choice = body.get("tool_choice") or {}
    must = choice.get("name", "any") if choice.get("type") in ("any", "tool") else ""
    form = (body.get("output_config") or {}).get("format") or {}
    thinks = 24 if thinking.get("type") in ("enabled", "adaptive") else 0
    parts.append(("", 3 + (346 if tools else 0), _life(body)))
    most = body.get("max_tokens")
    return Prompt(parts, cues, tuple(results), tools, must, most, 1, thinks, form.get("schema"))


def _life(block: Json) -> str:
    mark = block.get("cache_control")
    return str(mark.get("ttl", "5m")) if mark else ""


def _block(block: Json, parts: list[tuple[str, int, str]], called: set[str], where: str, answered: list[str]) -> str:
    """Count a block of content; returns a text's text."""
    match block.get("type"):
        case "text":
            need(block["text"], _wrong(f"{where}.text: text content blocks must be non-empty"))
            parts.append((block["text"], count(block["text"]), _life(block)))
            return str(block["text"])
        case "image":
            data = block["source"].get("data", "")
            parts.append((data[:100], picture("anthropic", data), _life(block)))
        case "document":
            parts.append(("document", 250, _life(block)))
        case "thinking":
            sealed = block.get("signature") == signature(block["thinking"])
            need(sealed, _wrong(f"{where}: Invalid `signature` in `thinking` block"))
            parts.append((block["thinking"], count(block["thinking"]), ""))
        case "redacted_thinking":
            parts.append(("thinking", 8, ""))
        case "tool_use":
            called.add(block["id"])
            said = f"{block['name']} {json.dumps(block['input'])}"
            parts.append((said, count(said) + 4, _life(block)))
        case "tool_result":
            id_ = block["tool_use_id"]
            what = f"{where}: unexpected `tool_use_id` found in `tool_result` blocks: {id_}."
            need(id_ in called, _wrong(what))
            content = block.get("content") or ""
            inner: list[str] = []
            blocks = [{"type": "text", "text": content}] if isinstance(content, str) and content else content
            texts = [_block(one, parts, called, where, inner) for one in blocks or ()]
            parts.append(("", 4, _life(block)))
            answered.append("\n".join(texts))
        case kind:
            raise _wrong(f"{where}: Input tag '{kind}' found using 'type' does not match any of the expected tags")
    return ""


def _tool(one: Json, parts: list[tuple[str, int, str]]) -> Tool | None:
    text = f"{one['name']} {one.get('description', '')} {one.get('input_schema', '')}"
    parts.append((text, count(text), _life(one)))
    return Tool(one["name"], one["input_schema"]) if "input_schema" in one else None


def _blocks(answer: Answer) -> list[Json]:
    blocks: list[Json] = []
    if answer.thought:
        blocks.append({"type": "thinking", "thinking": answer.thought, "signature": signature(answer.thought)})
    if answer.text:
        blocks.append({"type": "text", "text": answer.text})
    for call in answer.calls:
        said = {
            "type": "tool_use",
            "id": f"toolu_{call.number}",
            "name": call.name,
            "input": json.loads(call.arguments),
        }
        blocks.append(said)
    return blocks


def whole(served: Served) -> Json:
    """A message."""
    (answer,) = served.answers
    return {
        "model": served.model,
        "id": served.id("msg_01"),
        "type": "message",
        "role": "assistant",
        "content": _blocks(answer),
        "stop_reason": ENDED[answer.ended],
        "stop_sequence": None,
        **({"usage": usage(served.counts)} if served.counted else {}),
    }


def events(served: Served) -> list[Event]:
    """The events of a message."""
    (answer,) = served.answers
    found: list[Event] = []

    def event(kind: str, said: int, **more: Any) -> None:
        found.append((f"event: {kind}\ndata: ".encode() + dumped({"type": kind, **more}) + b"\n\n", said))

    begun = {**whole(served), "content": [], "stop_reason": None}
    if served.counted:
        begun["usage"] = {**usage(served.counts), "output_tokens": 1}
        del begun["usage"]["output_tokens_details"]
    event("message_start", 0, message=begun)
    said = 0
    for index, block in enumerate(_blocks(answer)):
        match block["type"]:
            case "thinking":
                event(
                    "content_block_start", said, index=index, content_block={**block, "thinking": "", "signature": ""}
                )
                for piece in pieces(block["thinking"]):
                    said += 1
                    event("content_block_delta", said, index=index, delta={"type": "thinking_delta", "thinking": piece})
                sealed = {"type": "signature_delta", "signature": block["signature"]}
                event("content_block_delta", said, index=index, delta=sealed)
            case "text":
                event("content_block_start", said, index=index, content_block={"type": "text", "text": ""})
                for piece in pieces(block["text"]):
                    said += 1
                    event("content_block_delta", said, index=index, delta={"type": "text_delta", "text": piece})
            case _:
                call = answer.calls[index - len(_blocks(answer)) + len(answer.calls)]
                said += count(call.name)
                event("content_block_start", said, index=index, content_block={**block, "input": {}})
                for piece in ["", *pieces(call.arguments)]:
                    said += bool(piece)
                    delta = {"type": "input_json_delta", "partial_json": piece}
                    event("content_block_delta", said, index=index, delta=delta)
        if index == 0:
            event("ping", said)
        event("content_block_stop", said, index=index)
    delta = {"stop_reason": ENDED[answer.ended], "stop_sequence": None}
    used = {"usage": _so_far(served.counts)} if served.counted else {"usage": {"output_tokens": 0}}
    event("message_delta", answer.said, delta=delta, **used)
    event("message_stop", answer.said)
    return found


def usage(counts: Counts) -> Json:
    """What was used."""
    by_life = {"ephemeral_5m_input_tokens": counts.written, "ephemeral_1h_input_tokens": counts.written_hour}
    return {
        "input_tokens": counts.plain,
        "cache_creation_input_tokens": counts.written + counts.written_hour,
        "cache_read_input_tokens": counts.cached,
        "cache_creation": by_life,
        "output_tokens": counts.said,
        "output_tokens_details": {"thinking_tokens": counts.thought},
        "service_tier": "standard",
        "inference_geo": "global",
    }


def _so_far(counts: Counts) -> Json:
    told = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
    return {name: value for name, value in usage(counts).items() if name in (*told, "output_tokens_details")}


def refusal(wrong: Wrong) -> bytes:
    """An error's body."""
    error = {"type": wrong.kind, "message": wrong.message}
    return dumped({"type": "error", "error": error, "request_id": "req_011CStandin"})


def of_status(status: int) -> Wrong:
    """What a fault with a status says."""
    words = {401: "invalid x-api-key", 429: "This request would exceed your rate limit.", 529: "Overloaded"}
    return Wrong(status, KINDS.get(status, "api_error"), words.get(status, "Internal server error"))


def trouble() -> bytes:
    """An error in the middle of a stream."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    return b"event: error\ndata: " + dumped(error) + b"\n\n"
