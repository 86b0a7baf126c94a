"""Reading from an answer what it used, while its bytes pass through.

Only pieces that carry a mark (a name that counts stand under) are parsed; text that a model writes cannot carry one,
since quotes are escaped within JSON strings. Names deeper down are parsed and then ignored: the structure decides.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import orjson

from greenlane.gateway.usage import WRITTEN, Usage
from greenlane.gateway.wires.anthropic_messages import using as anthropic_messages
from greenlane.gateway.wires.counting import NotCounted
from greenlane.gateway.wires.frames import LONGEST, Elements, Events, Frames, TooLong
from greenlane.gateway.wires.gemini_embed import using as gemini_embed
from greenlane.gateway.wires.gemini_generate import using as gemini_generate
from greenlane.gateway.wires.openai_chat import using as openai_chat
from greenlane.gateway.wires.openai_embeddings import using as openai_embeddings
from greenlane.gateway.wires.openai_responses import using as openai_responses

_USING: dict[str, ModuleType] = {
    "openai-chat": openai_chat,
    "openai-responses": openai_responses,
    "openai-embeddings": openai_embeddings,
    "anthropic-messages": anthropic_messages,
    "anthropic-count": anthropic_messages,
    "gemini-generate": gemini_generate,
    "gemini-embed": gemini_embed,
    "gemini-count": gemini_generate,
}


_SPEEDS = {"service_tier": "service_tier", "serviceTier": "service_tier", "speed": "speed"}
"""Where an answer says its speed, and what the list of prices calls that."""
_SAYING = tuple(f'"{name}"'.encode() for name in _SPEEDS)
_USUAL_SPEEDS = frozenset(("auto", "default", "standard", "unspecified"))


def used(wire: str, body: bytes) -> Usage | None:
    """What a whole answer says that it used. None where it does not say, or is no answer of this wire."""
    return read(wire, body)[0]


def read(wire: str, body: bytes) -> tuple[Usage | None, dict[str, str]]:
    """What a whole answer says that it used, and at which speed it was made where that is not the usual one."""
    document = _parsed(body)
    if document is None:
        return None, {}
    said = _unusual(speed(document)) if any(name in body for name in _SAYING) else {}
    try:
        return _USING[wire].used(document, None), said
    except NotCounted:
        return None, said


def _parsed(data: bytes) -> dict[str, Any] | None:
    """The object that was said, None for anything else.

    What no strict reader takes is read once more, for its counts alone: half of a pair of surrogates or of a character,
    which models write where a limit cuts them off, and numbers that are none.
    """
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            found = json.loads(data.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return None
    return found if isinstance(found, dict) else None


def _unusual(said: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in said.items() if value}


def speed(document: dict[str, Any]) -> dict[str, str]:
    """At which speed an answer, or an event of one, says that it was made: what a price may depend on.

    The usual one is empty: a response may begin at one speed and end at another. What is not said has no place in it. OpenAI
    says ``service_tier`` beside the usage, Anthropic ``service_tier`` and ``speed`` within it, Gemini ``serviceTier``.
    """
    message, response = document.get("message"), document.get("response")
    inner = message.get("usage") if isinstance(message, dict) else None
    told: dict[str, str] = {}
    for one in (document, response, document.get("usage"), document.get("usageMetadata"), inner):
        if isinstance(one, dict):
            for name, means in _SPEEDS.items():
                said = one.get(name)
                if isinstance(said, str):
                    if said.lower() in _USUAL_SPEEDS:
                        told.setdefault(means, "")
                    else:
                        told[means] = said.lower()
    return told


class Meter:
    """Reads the usage of a stream, fed with its bytes as they come and cut as they are.

    ``usage`` is what was said so far; it is ``estimated`` while the provider has told what it read and not yet what it
    wrote. ``ended`` is true once the provider said that it was done, ``trouble`` is its word for an error in mid-stream,
    ``lost`` is true when a piece was too long to be looked at, and ``speed`` is what a price may depend on. ``begun`` is
    true once anything else than such an error was said: where nothing was, nothing was used.
    """

    __slots__ = (
        *("_frames", "_last", "_looked_for", "_marks", "_trouble", "_used", "_whole"),
        *("begun", "believed", "ended", "lost", "speed", "trouble", "usage"),
    )

    def __init__(self, wire: str, *, array: bool = False, longest: int = LONGEST) -> None:
        """``array``: Gemini's stream as one JSON array, where the request had no ``alt=sse``."""
        using = _USING[wire]
        self._frames: Frames = Elements(longest) if array else Events(longest)
        self._marks: tuple[bytes, ...] = using.MARKS
        self._last: bytes = using.LAST
        self._looked_for = (*self._marks, self._last)
        self._used: Callable[[dict[str, object], Usage | None], Usage | None] = using.used
        self._trouble: Callable[[dict[str, object]], str | None] = using.trouble
        self._whole: Callable[[dict[str, object]], bool] = using.ended
        self.usage: Usage | None = None
        self.speed: dict[str, str] = {}
        self.ended = False
        self.trouble: str | None = None
        self.lost = False
        self.believed = True
        self.begun = False

    def feed(self, data: bytes) -> None:
        """Look at the next bytes. Never raises: what cannot be read leaves the usage as it is."""
        if self.lost:
            return
        for mark in self._looked_for:
            if mark in data:
                break
        else:
            if self._frames.whole(data):
                self.begun = self.begun or b"data:" in data  # comments keep a line open and say nothing
                return
        try:
            frames = self._frames.feed(data)
        except TooLong:
            self.lost = True
            return
        self._look(frames)

    def close(self) -> None:
        """Say that the stream is over, so that an event without its empty line is still looked at."""
        if not self.lost:
            self._look(self._frames.close())

    def settled(self, ceiling: Usage) -> Usage:
        """What to charge: the provider's own word, and where it gave none or half of it, the ceiling marked as estimated.

        ``ceiling`` is the upper bound that was reserved, all that is written in the dearest kind. Call it after the stream
        has ended, however it did.
        """
        if self.usage is None or self.lost or not self.believed:
            return replace(ceiling, estimated=True)
        if self.usage.estimated:
            untold = max(0, ceiling.written - self.usage.written)
            dearest = max(WRITTEN, key=lambda kind: getattr(ceiling, kind))
            return replace(self.usage, **{dearest: getattr(self.usage, dearest) + untold})
        return self.usage

    def _look(self, frames: list[bytes]) -> None:
        for frame in frames:
            for mark in self._marks:
                if mark in frame:
                    self.begun |= not self._read(frame)
                    break
            else:
                self.begun = True
                if frame == self._last:
                    self.ended = True

    def _read(self, frame: bytes) -> bool:
        """Whether it was an error."""
        document = _parsed(frame)
        if document is None:
            return False
        self.speed = _unusual({**self.speed, **speed(document)})
        trouble = self._trouble(document)
        self.trouble = trouble or self.trouble
        try:
            self.usage = self._used(document, self.usage)
            self.ended = self.ended or self._whole(document)
        except NotCounted:
            self.believed = False
        return trouble is not None
