"""The stream of a message, read as events and written from them.

Facts: ``anthropic.types.raw_message_stream_event``; https://docs.anthropic.com/en/docs/build-with-claude/streaming.
"""

from __future__ import annotations

from typing import Literal

import orjson

from greenlane.gateway.usage import Usage
from greenlane.gateway.wires import seals
from greenlane.gateway.wires.anthropic_messages.answers import ENDINGS, REASONS
from greenlane.gateway.wires.anthropic_messages.using import counts, trouble, used
from greenlane.gateway.wires.members import Json, object_, text
from greenlane.gateway.wires.neutral import (
    Arguing,
    Began,
    Broke,
    Calling,
    Ended,
    Event,
    Said,
    Seal,
    Sealed,
    Thinking,
    Used,
)
from greenlane.gateway.wires.refusing import breaking_off

_STATUS = {"overloaded_error": 529, "rate_limit_error": 429, "api_error": 500, "timeout_error": 504}


class Reader:
    """Turns this wire's events into neutral ones."""

    def __init__(self) -> None:
        self._usage: Usage | None = None

    def read(self, event: Json) -> list[Event]:
        """The neutral events of one event."""
        match event.get("type"):
            case "message_start":
                message = object_(event, "message")
                self._usage = used(event, None)
                return [Began(text(message, "id"), text(message, "model"), self._usage or Usage())]
            case "content_block_start":
                return self._block(object_(event, "content_block"))
            case "content_block_delta":
                return self._delta(object_(event, "delta"))
            case "message_delta":
                self._usage = used(event, self._usage)
                delta = object_(event, "delta")
                if not (reason := text(delta, "stop_reason")):
                    return []
                return [Ended(ENDINGS.get(reason, "stop"), delta.get("stop_sequence"))]
            case "message_stop":
                return [Used(self._usage or Usage())]
            case "error":
                word = trouble(event) or "error"
                return [Broke(_STATUS.get(word, 502), word, text(object_(event, "error"), "message"))]
        return []

    def _block(self, block: Json) -> list[Event]:
        match block.get("type"):
            case "tool_use":
                given = object_(block, "input")
                calling: list[Event] = [Calling(text(block, "id"), text(block, "name"))]
                return calling + ([Arguing(orjson.dumps(given).decode())] if given else [])
            case "redacted_thinking":
                seal = seals.read(text(block, "data"), "anthropic", "redacted")
                return [] if seal is None else [Sealed(seal)]
            case "text" if text(block, "text"):
                return [Said(text(block, "text"))]
            case "thinking":
                return [Thinking(text(block, "thinking"))]
        return []

    def _delta(self, delta: Json) -> list[Event]:
        match delta.get("type"):
            case "text_delta":
                return [Said(text(delta, "text"))]
            case "thinking_delta":
                return [Thinking(text(delta, "thinking"))]
            case "signature_delta":
                seal = seals.read(text(delta, "signature"), "anthropic")
                return [] if seal is None else [Sealed(seal)]
            case "input_json_delta" if text(delta, "partial_json"):
                return [Arguing(text(delta, "partial_json"))]
        return []


class Writer:
    """Turns neutral events into this wire's."""

    def __init__(self, created: int, include_usage: bool) -> None:
        self._open: Literal["", "text", "thinking", "tool_use"] = ""
        self._place = -1
        self._usage = Usage()
        self._ended: Ended | None = None

    def write(self, event: Event) -> bytes:
        """The bytes that an event becomes; the end waits for the usage."""
        match event:
            case Began(id_, model, usage):
                self._usage = usage
                return self._start(id_, model)
            case Said(words):
                opened = self._opened("text", {"type": "text", "text": ""})
                return opened + self._delta({"type": "text_delta", "text": words})
            case Thinking(words):
                opened = self._opened("thinking", {"type": "thinking", "thinking": "", "signature": ""})
                return opened + (self._delta({"type": "thinking_delta", "thinking": words}) if words else b"")
            case Sealed(seal):
                return self._sealed(seal)
            case Calling(id_, name):
                block = {"type": "tool_use", "id": id_, "name": name, "input": {}}
                return self._closed() + self._opened("tool_use", block)
            case Arguing(words):
                return self._delta({"type": "input_json_delta", "partial_json": words})
            case Ended():
                self._ended = event
                return self._closed()
            case Used(usage):
                self._usage = usage
            case Broke(status, code, words):
                return breaking_off("anthropic-messages", status, code, words)
        return b""

    def close(self) -> bytes:
        """The last bytes of a stream that went well."""
        ended = self._ended or Ended("stop")
        delta = {"stop_reason": REASONS[ended.ending], "stop_sequence": ended.sequence}
        last = _event("message_delta", {"delta": delta, "usage": counts(self._usage)})
        return last + _event("message_stop", {})

    def _start(self, id_: str, model: str) -> bytes:
        message: Json = {
            "id": id_,
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": counts(self._usage),
        }
        return _event("message_start", {"message": message})

    def _sealed(self, seal: Seal) -> bytes:
        if seal.maker == "anthropic" and seal.name == "redacted":
            block = {"type": "redacted_thinking", "data": seal.value}
            return self._closed() + self._opened("thinking", block) + self._closed()
        opened = self._opened("thinking", {"type": "thinking", "thinking": "", "signature": ""})
        delta = self._delta({"type": "signature_delta", "signature": seals.written(seal, "anthropic")})
        return opened + delta + self._closed()

    def _opened(self, kind: Literal["text", "thinking", "tool_use"], block: Json) -> bytes:
        if self._open == kind:
            return b""
        closed = self._closed()
        self._open = kind
        self._place += 1
        return closed + _event("content_block_start", {"index": self._place, "content_block": block})

    def _closed(self) -> bytes:
        if not self._open:
            return b""
        self._open = ""
        return _event("content_block_stop", {"index": self._place})

    def _delta(self, delta: Json) -> bytes:
        return _event("content_block_delta", {"index": self._place, "delta": delta})


def _event(kind: str, members: Json) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + orjson.dumps({"type": kind, **members}) + b"\n\n"
