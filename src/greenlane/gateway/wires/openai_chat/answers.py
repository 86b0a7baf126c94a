"""A chat completion, read as an answer and written from one. Facts: ``openai.types.chat.chat_completion``."""

from __future__ import annotations

from greenlane.gateway.usage import Usage
from greenlane.gateway.wires.members import Json, object_, objects, text
from greenlane.gateway.wires.neutral import Answer, Call, Ending
from greenlane.gateway.wires.openai_chat.requests import ON_THIS_WIRE, message, spoken
from greenlane.gateway.wires.openai_chat.using import counts, used
from greenlane.gateway.wires.refused import Reasons

ENDINGS: dict[str, Ending] = {"stop": "stop", "length": "length", "tool_calls": "tools", "content_filter": "filter"}
REASONS: dict[Ending, str] = {
    "stop": "stop",
    "length": "length",
    "tools": "tool_calls",
    "filter": "content_filter",
    "sequence": "stop",
}


def read(body: Json) -> Answer:
    """A completion as an answer: its first choice."""
    choice = next(iter(objects(body, "choices")), {})
    parts = spoken(object_(choice, "message"), Reasons(), ON_THIS_WIRE)
    usual: Ending = "tools" if any(isinstance(part, Call) for part in parts) else "stop"
    return Answer(
        id=text(body, "id"),
        model=text(body, "model"),
        parts=parts,
        ending=ENDINGS.get(text(choice, "finish_reason"), usual),
        usage=used(body, None) or Usage(),
    )


def write(answer: Answer, created: int) -> Json:
    """An answer as a completion."""
    choice = {"index": 0, "message": message(answer.parts), "logprobs": None, "finish_reason": REASONS[answer.ending]}
    choice["message"].setdefault("refusal", None)  # type: ignore[attr-defined]  # a message is an object
    return {
        "id": answer.id,
        "object": "chat.completion",
        "created": created,
        "model": answer.model,
        "choices": [choice],
        "usage": counts(answer.usage),
    }
