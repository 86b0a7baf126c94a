"""The stream of generated content, read as events and written from them.

Facts: https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent: every piece is an answer of its
own shape; with ``alt=sse`` they are events, without it the elements of one JSON array. Calls come whole.
"""

from __future__ import annotations

import orjson

from greenlane.gateway.usage import Usage
from greenlane.gateway.wires import seals
from greenlane.gateway.wires.gemini_generate.answers import REASONS, ending, ids, piece, said
from greenlane.gateway.wires.gemini_generate.names import count_of, object_of, objects_of, text_of
from greenlane.gateway.wires.gemini_generate.requests import part_of, seal_of
from greenlane.gateway.wires.gemini_generate.using import trouble, used
from greenlane.gateway.wires.members import Json
from greenlane.gateway.wires.neutral import (
    Arguing,
    Began,
    Broke,
    Call,
    Calling,
    Ended,
    Event,
    Said,
    Sealed,
    Text,
    Thinking,
    Thought,
    Used,
)
from greenlane.gateway.wires.refused import Reasons
from greenlane.gateway.wires.refusing import breaking_off


class Reader:
    """Turns pieces into events. The usage is told by pieces before the last as well; the last word counts."""

    def __init__(self) -> None:
        self._named = ids("")
        self._began = False
        self._called = False
        self._usage: Usage | None = None

    def read(self, document: Json) -> list[Event]:
        """The events of one piece."""
        if (word := trouble(document)) is not None:
            error = object_of(document, "error")
            return [Broke(count_of(error, "code") or 502, word, text_of(error, "message"))]
        self._usage = used(document, self._usage)
        events: list[Event] = []
        if not self._began:
            self._began = True
            id_ = text_of(document, "responseId")
            self._named = ids(id_)
            events.append(Began(id_, text_of(document, "modelVersion"), self._usage or Usage()))
        for candidate in objects_of(document, "candidates")[:1]:
            for part in objects_of(object_of(candidate, "content"), "parts"):
                self._part(part, events)
        if (reason := ending(document, self._called)) is not None:
            events += [Ended(reason), Used(self._usage or Usage())]
        return events

    def _part(self, part: Json, events: list[Event]) -> None:
        for found in part_of(part, self._named, Reasons()):
            match found:
                case Text(words):
                    events.append(Said(words))
                case Thought(words):
                    if words:
                        events.append(Thinking(words))
                    if (seal := seal_of(part)) is not None:
                        events.append(Sealed(seal))
                case Call(id_, name, arguments):
                    self._called = True
                    events += [Calling(id_, name), Arguing(arguments)]


class Writer:
    """Turns events into pieces. A call waits until its arguments are whole, a seal for what it belongs to."""

    def __init__(self, created: int, include_usage: bool, array: bool = False) -> None:
        self._array = array
        self._sent = False
        self._id = ""
        self._model = ""
        self._call: Calling | None = None
        self._arguments: list[str] = []
        self._seal = ""
        self._ended: Ended | None = None
        self._usage: Usage | None = None

    def write(self, event: Event) -> bytes:
        """The bytes that an event becomes."""
        match event:
            case Began(id_, model):
                self._id, self._model = id_, model
            case Said(words):
                return self._flushed() + self._parts(self._with_seal({"text": words}))
            case Thinking(words):
                return self._flushed() + self._parts({"text": words, "thought": True})
            case Sealed(seal):
                before = self._flushed()
                self._seal = seals.packed(seals.written(seal, "gemini"))
                return before
            case Calling(id_, name):
                before = self._flushed()
                self._call, self._arguments = Calling(id_, name), []
                return before
            case Arguing(words):
                self._arguments.append(words)
            case Ended():
                self._ended = event
                return self._flushed()
            case Used(usage):
                self._usage = usage
            case Broke(status, code, words):
                return breaking_off("gemini-generate", status, code, words, array=self._array, first=not self._sent)
        return b""

    def close(self) -> bytes:
        """The last bytes of a stream that went well."""
        ended = self._ended or Ended("stop")
        parts = [self._with_seal({"text": ""})] if self._seal else []
        last = self._piece(piece(self._id, self._model, parts, REASONS[ended.ending], self._usage or Usage()))
        return last + (b"]" if self._array else b"")

    def _flushed(self) -> bytes:
        call, self._call = self._call, None
        if call is None:
            return b""
        found = said(Call(call.id, call.name, "".join(self._arguments)))
        return b"" if found is None else self._parts(self._with_seal(found))

    def _with_seal(self, part: Json) -> Json:
        seal, self._seal = self._seal, ""
        return part | ({"thoughtSignature": seal} if seal else {})

    def _parts(self, *parts: Json) -> bytes:
        return self._piece(piece(self._id, self._model, list(parts), None, None))

    def _piece(self, document: Json) -> bytes:
        first, self._sent = not self._sent, True
        if self._array:
            return (b"[" if first else b",\r\n") + orjson.dumps(document)
        return b"data: " + orjson.dumps(document) + b"\r\n\r\n"
