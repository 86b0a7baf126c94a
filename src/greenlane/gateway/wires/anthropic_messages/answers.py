"""A message, read as an answer and written from one. Facts: ``anthropic.types.message``, ``stop_reason``."""

from __future__ import annotations

import orjson

from greenlane.gateway.usage import Usage
from greenlane.gateway.wires import seals
from greenlane.gateway.wires.anthropic_messages.requests import thought
from greenlane.gateway.wires.anthropic_messages.using import counts, used
from greenlane.gateway.wires.members import Json, object_, objects, text
from greenlane.gateway.wires.neutral import Answer, Call, Ending, Part, Refusal, Text, Thought
from greenlane.gateway.wires.refused import Reasons
from greenlane.gateway.wires.turns import sealed

ENDINGS: dict[str, Ending] = {
    "end_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "stop_sequence": "sequence",
    "tool_use": "tools",
    "refusal": "filter",
}
REASONS: dict[Ending, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tools": "tool_use",
    "filter": "refusal",
    "sequence": "stop_sequence",
}


def read(body: Json) -> Answer:
    """A message as an answer."""
    found = (_part(block) for block in objects(body, "content"))
    return Answer(
        id=text(body, "id"),
        model=text(body, "model"),
        parts=sealed(part for part in found if part is not None),
        ending=ENDINGS.get(text(body, "stop_reason"), "stop"),
        usage=used(body, None) or Usage(),
        sequence=body.get("stop_sequence"),
    )


def _part(block: Json) -> Part | None:
    match block.get("type"):
        case "text":
            return Text(text(block, "text"))
        case "tool_use":
            return Call(text(block, "id"), text(block, "name"), orjson.dumps(object_(block, "input")).decode())
        case _:
            return thought(block, Reasons())


def write(answer: Answer, created: int) -> Json:
    """An answer as a message."""
    reasons = Reasons()
    found = (_block(part, reasons) for part in answer.parts)
    return {
        "id": answer.id,
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": [block for block in found if block is not None],
        "stop_reason": REASONS[answer.ending],
        "stop_sequence": answer.sequence,
        "usage": counts(answer.usage),
    }


def _block(part: Part, reasons: Reasons) -> Json | None:
    match part:
        case Text(words) | Refusal(words):
            return {"type": "text", "text": words} if words else None
        case Thought(words, seal):
            if seal is not None and seal.maker == "anthropic" and seal.name == "redacted":
                return {"type": "redacted_thinking", "data": seal.value}
            return {"type": "thinking", "thinking": words, "signature": seals.written(seal, "anthropic")}
        case Call():
            return {"type": "tool_use", "id": part.id, "name": part.name, "input": reasons.arguments(part.arguments)}
    return None
