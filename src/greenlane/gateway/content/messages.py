"""What was said in a call as messages that people can read, whatever the wire.

Words are kept as they went over the wire. What is no conversation (embeddings, counts), was cut, or has an odd shape is shown
as it is: nothing is left out because nobody understands it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from greenlane.gateway.wires.asked import NotUnderstood
from greenlane.gateway.wires.frames import Elements, Events, Frames, TooLong
from greenlane.gateway.wires.neutral import (
    Arguing,
    Attachment,
    Call,
    Calling,
    Event,
    Part,
    Refusal,
    Result,
    Said,
    Text,
    Thinking,
    Thought,
)
from greenlane.gateway.wires.refused import Reasons
from greenlane.gateway.wires.translating import READ_AND_WRITTEN
from greenlane.gateway.wires.turns import names_of_calls

_ODD = (AttributeError, KeyError, TypeError, ValueError, NotUnderstood, TooLong)
"""What reading raises for what has not the shape of its wire."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a message. ``kind`` is text, thought, call, result, attachment or raw; ``name`` is the tool's, or a type."""

    kind: str
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What one side said at once: system, user or assistant; ``raw`` for what could not be taken apart."""

    role: str
    pieces: tuple[Piece, ...]


def messages(wire: str, prompt: str, answer: str) -> list[Message]:
    """The conversation, the answer last. Never raises."""
    return [*_asked(wire, prompt), *_answered(wire, answer)]


def _asked(wire: str, prompt: str) -> list[Message]:
    try:
        conversation = READ_AND_WRITTEN[wire].read_request(orjson.loads(prompt), Reasons())
    except _ODD:
        return _raw("user", prompt)
    names = names_of_calls(conversation.turns)
    told = [Message(one.role, tuple(_piece(part, names) for part in one.parts)) for one in conversation.turns]
    return told or _raw("user", prompt)


def _answered(wire: str, answer: str) -> list[Message]:
    try:
        known = READ_AND_WRITTEN[wire]
        if answer.lstrip().startswith("{"):
            pieces = [_piece(part, {}) for part in known.read_answer(orjson.loads(answer)).parts]
        else:
            reader = known.reader()
            pieces = _joined(event for frame in _frames(answer) for event in reader.read(orjson.loads(frame)))
    except _ODD:
        return _raw("assistant", answer)
    return [Message("assistant", tuple(pieces))] if pieces else _raw("assistant", answer)


def _raw(role: str, text: str) -> list[Message]:
    return [Message(role, (Piece("raw", text),))] if text else []


def _frames(answer: str) -> Iterable[bytes]:
    """The pieces of a stream; one that was cut ends where it was cut."""
    frames: Frames = Elements() if answer.lstrip().startswith("[") else Events()
    return (one for one in frames.feed(answer.encode()) if one != b"[DONE]")


def _piece(part: Part, names: Mapping[str, str]) -> Piece:
    match part:
        case Text() | Refusal():
            return Piece("text", part.text)
        case Thought():
            return Piece("thought", part.text)
        case Call():
            return Piece("call", part.arguments, part.name)
        case Result():
            said = " ".join(one.text for one in part.parts if isinstance(one, Text))
            return Piece("result", said, part.name or names.get(part.id, ""))
        case Attachment():
            return Piece("attachment", part.name or part.url, part.type or part.kind)


def _joined(events: Iterable[Event]) -> list[Piece]:
    """The events of a stream as whole pieces."""
    found: list[Piece] = []

    def more(kind: str, text: str) -> None:
        if found and found[-1].kind == kind:
            found[-1] = Piece(kind, found[-1].text + text, found[-1].name)
        else:
            found.append(Piece(kind, text))

    for event in events:
        match event:
            case Said():
                more("text", event.text)
            case Thinking():
                more("thought", event.text)
            case Calling():
                found.append(Piece("call", "", event.name))
            case Arguing():
                more("call", event.text)
    return found


def pretty(text: str) -> str:
    """JSON with its lines, anything else as it is."""
    try:
        found: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()
