"""The stream of a chat completion, read as events and written from them.

Facts: ``openai.types.chat.chat_completion_chunk``; https://platform.openai.com/docs/api-reference/chat-streaming.
"""

from __future__ import annotations

import orjson

from greenlane.gateway.wires import seals
from greenlane.gateway.wires.members import Json, object_, objects, text
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
from greenlane.gateway.wires.openai_chat.answers import ENDINGS, REASONS
from greenlane.gateway.wires.openai_chat.requests import ON_THIS_WIRE, called, seal_of_call
from greenlane.gateway.wires.openai_chat.using import counts, trouble, used
from greenlane.gateway.wires.refusing import breaking_off


class Reader:
    """Turns chunks into events."""

    def __init__(self) -> None:
        self._began = False
        self._calls = -1

    def read(self, chunk: Json) -> list[Event]:
        """The events of one chunk."""
        if (word := trouble(chunk)) is not None:
            return [Broke(502, word, text(object_(chunk, "error"), "message"))]
        events: list[Event] = []
        if not self._began:
            self._began = True
            events.append(Began(text(chunk, "id"), text(chunk, "model")))
        for choice in objects(chunk, "choices")[:1]:
            self._delta(object_(choice, "delta"), events)
            if reason := text(choice, "finish_reason"):
                events.append(Ended(ENDINGS.get(reason, "stop")))
        if (usage := used(chunk, None)) is not None and not usage.estimated:
            events.append(Used(usage))
        return events

    def _delta(self, delta: Json, events: list[Event]) -> None:
        if words := text(delta, "reasoning_content") or text(delta, "reasoning"):
            events.append(Thinking(words))
        if words := text(delta, "content"):
            events.append(Said(words))
        if words := text(delta, "refusal"):
            events.append(Said(words, refusal=True))
        for call in objects(delta, "tool_calls"):
            function = object_(call, "function")
            place = call.get("index", self._calls + bool(text(call, "id")))
            if place > self._calls:
                self._calls = place
                if value := text(object_(object_(call, "extra_content"), "google"), "thought_signature"):
                    events.append(Sealed(Seal("gemini", value, ON_THIS_WIRE)))
                events.append(Calling(text(call, "id"), text(function, "name")))
            elif place < self._calls:
                events.append(Broke(502, "calls-interleaved", "The provider mixed the arguments of several calls."))
            if words := text(function, "arguments"):
                events.append(Arguing(words))


class Writer:
    """Turns events into chunks."""

    def __init__(self, created: int, include_usage: bool) -> None:
        self._created = created
        self._include_usage = include_usage
        self._id = ""
        self._model = ""
        self._calls = -1
        self._words: list[str] = []
        self._seal: Seal | None = None
        self._thoughts: list[Json] = []

    def write(self, event: Event) -> bytes:
        """The bytes that an event becomes; some wait for the next."""
        match event:
            case Began(id_, model):
                self._id, self._model = id_, model
                return self._chunk({"role": "assistant", "content": ""})
            case Said(words, refusal):
                self._settle()
                return self._chunk({"refusal" if refusal else "content": words})
            case Thinking(words):
                self._words.append(words)
                return self._chunk({"reasoning_content": words})
            case Sealed(seal):
                self._settle()
                self._seal = seal
            case Calling(id_, name):
                return self._call(id_, name)
            case Arguing(words):
                return self._chunk({"tool_calls": [{"index": self._calls, "function": {"arguments": words}}]})
            case Ended(ending):
                self._settle()
                kept = {"extra_content": {"greenlane": {"thoughts": self._thoughts}}} if self._thoughts else {}
                return self._chunk(kept, REASONS[ending])
            case Used(usage) if self._include_usage:
                return self._data(self._document([]) | {"usage": counts(usage)})
            case Broke(status, code, words):
                return breaking_off("openai-chat", status, code, words)
        return b""

    def close(self) -> bytes:
        """The last bytes of a stream that went well."""
        return b"data: [DONE]\n\n"

    def _call(self, id_: str, name: str) -> bytes:
        seal, self._seal = self._seal, None
        if seal is not None and seal.maker != "gemini":
            self._seal = seal
            self._settle()
        self._words = []
        self._calls += 1
        sealed = seal_of_call(seal) if seal is not None and seal.maker == "gemini" else {}
        return self._chunk({"tool_calls": [{"index": self._calls, **called(id_, name, ""), **sealed}]})

    def _settle(self) -> None:
        """Keep a seal that belongs to no call for the end of the message."""
        if self._seal is not None:
            self._thoughts.append({"text": "".join(self._words), "seal": seals.written(self._seal, None)})
            self._seal, self._words = None, []

    def _chunk(self, delta: Json, reason: str | None = None) -> bytes:
        return self._data(self._document([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]))

    def _document(self, choices: list[Json]) -> Json:
        found: Json = {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._model,
            "choices": choices,
        }
        return found | ({"usage": None} if self._include_usage else {})

    @staticmethod
    def _data(document: Json) -> bytes:
        return b"data: " + orjson.dumps(document) + b"\n\n"
