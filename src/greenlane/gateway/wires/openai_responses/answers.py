"""A response, read as an answer and written from one. Facts: ``openai.types.responses.response``."""

from __future__ import annotations

from typing import Any

from greenlane.gateway.usage import Usage
from greenlane.gateway.wires import seals
from greenlane.gateway.wires.members import Json, object_, objects, text
from greenlane.gateway.wires.neutral import Answer, Call, Ending, Part, Refusal, Text, Thought
from greenlane.gateway.wires.openai_responses.requests import spoken, thought
from greenlane.gateway.wires.openai_responses.using import counts, used
from greenlane.gateway.wires.refused import Reasons
from greenlane.gateway.wires.turns import sealed

_CUT: dict[str, Ending] = {"max_output_tokens": "length", "content_filter": "filter"}
_WHY: dict[Ending, str] = {"length": "max_output_tokens", "filter": "content_filter"}


def ending(response: Json) -> Ending:
    """Why a response ended."""
    if text(response, "status") == "incomplete":
        return _CUT.get(text(object_(response, "incomplete_details"), "reason"), "filter")
    called = any(item.get("type") == "function_call" for item in objects(response, "output"))
    return "tools" if called else "stop"


def read(body: Json) -> Answer:
    """A response as an answer."""
    found: list[Part] = []
    for item in objects(body, "output"):
        found += spoken(item, Reasons())
    return Answer(
        id=text(body, "id"),
        model=text(body, "model"),
        parts=sealed(found),
        ending=ending(body),
        usage=used(body, None) or Usage(),
    )


def write(answer: Answer, created: int) -> Json:
    """An answer as a response."""
    items = [item(part, f"{place}", answer.id) for place, part in enumerate(answer.parts)]
    return response(answer.id, answer.model, created, items, answer.ending, answer.usage)


def item(part: Part, place: str, id_: str) -> Json:
    """A part as an item of the output, whole. Its id is made from that of the answer and its place in it."""
    match part:
        case Call():
            call = {"call_id": part.id, "name": part.name, "arguments": part.arguments, "status": "completed"}
            return {"type": "function_call", "id": f"fc_{id_}_{place}", **call}
        case Thought(words, seal):
            own = seal is not None and seal.maker == "openai" and seal.name
            return thought(words, own or f"rs_{id_}_{place}", seals.written(seal, "openai"))
        case Text(words):
            content: Json = {"type": "output_text", "text": words, "annotations": [], "logprobs": []}
        case Refusal(words):
            content = {"type": "refusal", "refusal": words}
        case _:
            content = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    said = {"role": "assistant", "status": "completed", "content": [content]}
    return {"type": "message", "id": f"msg_{id_}_{place}", **said}


def response(id_: str, model: str, created: int, items: list[Json], ended: Ending | None, usage: Usage | None) -> Json:
    """A response, whole, or as far as it has come where ``ended`` is None."""
    why = None if ended is None else _WHY.get(ended)
    status = "in_progress" if ended is None else "incomplete" if why else "completed"
    details: Any = {"reason": why} if why else None
    return {
        "id": id_,
        "object": "response",
        "created_at": created,
        "status": status,
        "error": None,
        "incomplete_details": details,
        "instructions": None,
        "metadata": {},
        "model": model,
        "output": items,
        "parallel_tool_calls": True,
        "temperature": None,
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
        "store": False,
        "usage": None if usage is None else counts(usage),
    }
