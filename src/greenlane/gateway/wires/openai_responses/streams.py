"""The stream of a response, read as events and written from them.

Facts: ``openai.types.responses.response_stream_event``;
https://platform.openai.com/docs/api-reference/responses-streaming: every event has its number, every item begins and is
done, and the last event carries the whole response.
"""

from __future__ import annotations

import orjson

from greenlane.gateway.usage import Usage
from greenlane.gateway.wires import seals
from greenlane.gateway.wires.members import Json, object_, text
from greenlane.gateway.wires.neutral import (
    Arguing,
    Began,
    Broke,
    Call,
    Calling,
    Ended,
    Event,
    Part,
    Refusal,
    Said,
    Sealed,
    Text,
    Thinking,
    Thought,
    Used,
)
from greenlane.gateway.wires.openai_responses.answers import ending, item, response
from greenlane.gateway.wires.openai_responses.using import trouble, used
from greenlane.gateway.wires.refusing import breaking_off

_STATUS = {"rate_limit_exceeded": 429, "server_error": 500}


class Reader:
    """Turns this wire's events into neutral ones."""

    def __init__(self) -> None:
        self._argued = False

    def read(self, event: Json) -> list[Event]:
        """The neutral events of one event."""
        match event.get("type"):
            case "response.created":
                whole = object_(event, "response")
                return [Began(text(whole, "id"), text(whole, "model"))]
            case "response.output_text.delta":
                return [Said(text(event, "delta"))]
            case "response.refusal.delta":
                return [Said(text(event, "delta"), refusal=True)]
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                return [Thinking(text(event, "delta"))]
            case "response.output_item.added":
                added = object_(event, "item")
                self._argued = False
                called = added.get("type") == "function_call"
                return [Calling(text(added, "call_id"), text(added, "name"))] if called else []
            case "response.function_call_arguments.delta":
                self._argued = True
                return [Arguing(text(event, "delta"))]
            case "response.output_item.done":
                return self._done(object_(event, "item"))
            case "response.completed" | "response.incomplete":
                whole = object_(event, "response")
                return [Ended(ending(whole)), Used(used(event, None) or Usage())]
            case "response.failed" | "error":
                word = trouble(event) or "error"
                error = object_(object_(event, "response"), "error") or object_(event, "error") or event
                return [Broke(_STATUS.get(word, 502), word, text(error, "message"))]
        return []

    def _done(self, whole: Json) -> list[Event]:
        if whole.get("type") == "function_call" and not self._argued:
            return [Arguing(text(whole, "arguments"))]
        if whole.get("type") == "reasoning":
            seal = seals.read(text(whole, "encrypted_content"), "openai", text(whole, "id"))
            return [] if seal is None else [Sealed(seal)]
        return []


class Writer:
    """Turns neutral events into this wire's. Items are kept whole, since the last event repeats them."""

    def __init__(self, created: int, include_usage: bool) -> None:
        self._created = created
        self._number = 0
        self._id = ""
        self._model = ""
        self._items: list[Json] = []
        self._open: Part | None = None
        self._open_id = ""
        self._pieces: list[str] = []
        self._usage = Usage()
        self._ended: Ended | None = None

    def write(self, event: Event) -> bytes:
        """The bytes that an event becomes; the end waits for the usage."""
        match event:
            case Began(id_, model):
                self._id, self._model = id_, model
                begun = response(id_, model, self._created, [], None, None)
                return self._event("response.created", response=begun) + self._event(
                    "response.in_progress", response=begun
                )
            case Said(words, refusal):
                return self._said(words, refusal)
            case Thinking(words):
                return self._thought(words)
            case Sealed(seal):
                opened = b"" if isinstance(self._open, Thought) else self._opened(Thought())
                self._open = Thought(seal=seal)
                return opened + self._closed()
            case Calling(id_, name):
                return self._opened(Call(id_, name, ""))
            case Arguing(words):
                self._pieces.append(words)
                return self._delta("response.function_call_arguments.delta", delta=words)
            case Ended():
                self._ended = event
                return self._closed()
            case Used(usage):
                self._usage = usage
            case Broke(status, code, words):
                closed = self._closed()
                return closed + breaking_off("openai-responses", status, code, words, number=self._number)
        return b""

    def close(self) -> bytes:
        """The last bytes of a stream that went well."""
        ended = (self._ended or Ended("stop")).ending
        whole = response(self._id, self._model, self._created, self._items, ended, self._usage)
        return self._event(f"response.{whole['status']}", response=whole)

    def _said(self, words: str, refusal: bool) -> bytes:
        kind = Refusal if refusal else Text
        opened = b"" if isinstance(self._open, kind) else self._opened(kind(""))
        self._pieces.append(words)
        if refusal:
            return opened + self._delta("response.refusal.delta", content_index=0, delta=words)
        return opened + self._delta("response.output_text.delta", content_index=0, delta=words, logprobs=[])

    def _thought(self, words: str) -> bytes:
        opened = b"" if isinstance(self._open, Thought) else self._opened(Thought())
        if not words:
            return opened
        if not self._pieces:
            empty = {"type": "summary_text", "text": ""}
            opened += self._delta("response.reasoning_summary_part.added", summary_index=0, part=empty)
        self._pieces.append(words)
        return opened + self._delta("response.reasoning_summary_text.delta", summary_index=0, delta=words)

    def _opened(self, part: Part) -> bytes:
        closed = self._closed()
        whole = self._item(part)
        self._open, self._open_id, self._pieces = part, whole["id"], []
        begun = (
            whole
            | ({"status": "in_progress"} if "status" in whole else {})
            | ({"content": []} if "content" in whole else {})
        )
        opened = closed + self._event("response.output_item.added", output_index=len(self._items), item=begun)
        if "content" in whole:
            opened += self._delta("response.content_part.added", content_index=0, part=whole["content"][0])
        return opened

    def _closed(self) -> bytes:
        words = "".join(self._pieces)
        done = b""
        match self._open:
            case None:
                return b""
            case Text():
                whole = self._item(Text(words))
                done = self._delta("response.output_text.done", content_index=0, text=words, logprobs=[])
            case Refusal():
                whole = self._item(Refusal(words))
                done = self._delta("response.refusal.done", content_index=0, refusal=words)
            case Call(id_, name):
                whole = self._item(Call(id_, name, words))
                done = self._delta("response.function_call_arguments.done", name=name, arguments=words)
            case Thought(seal=seal):
                whole = self._item(Thought(words, seal))
                if words:
                    said = {"type": "summary_text", "text": words}
                    done = self._delta("response.reasoning_summary_text.done", summary_index=0, text=words)
                    done += self._delta("response.reasoning_summary_part.done", summary_index=0, part=said)
            case other:
                whole = self._item(other)
        if "content" in whole:
            done += self._delta("response.content_part.done", content_index=0, part=whole["content"][0])
        whole["id"] = self._open_id
        done += self._event("response.output_item.done", output_index=len(self._items), item=whole)
        self._items.append(whole)
        self._open, self._pieces = None, []
        return done

    def _item(self, part: Part) -> Json:
        return item(part, f"{len(self._items)}", self._id)

    def _delta(self, kind: str, **members: object) -> bytes:
        return self._event(kind, item_id=self._open_id, output_index=len(self._items), **members)

    def _event(self, kind: str, **members: object) -> bytes:
        document = {"type": kind, "sequence_number": self._number, **members}
        self._number += 1
        return b"event: " + kind.encode() + b"\ndata: " + orjson.dumps(document) + b"\n\n"
