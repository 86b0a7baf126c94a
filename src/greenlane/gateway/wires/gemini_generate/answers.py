"""Generated content, read as an answer and written from one.

Facts: https://ai.google.dev/api/generate-content#generatecontentresponse and its ``FinishReason``.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from greenlane.gateway.usage import Usage
from greenlane.gateway.wires import seals
from greenlane.gateway.wires.gemini_generate.names import object_of, objects_of, text_of
from greenlane.gateway.wires.gemini_generate.requests import part_of
from greenlane.gateway.wires.gemini_generate.using import counts, used
from greenlane.gateway.wires.members import Json
from greenlane.gateway.wires.neutral import Answer, Call, Ending, Part, Refusal, Text, Thought
from greenlane.gateway.wires.refused import Reasons
from greenlane.gateway.wires.turns import sealed

ENDINGS: dict[str, Ending] = {"STOP": "stop", "MAX_TOKENS": "length"}
"""Every other reason says that the answer was withheld or spoilt."""
REASONS: dict[Ending, str] = {
    "stop": "STOP",
    "length": "MAX_TOKENS",
    "tools": "STOP",
    "filter": "SAFETY",
    "sequence": "STOP",
}


def ids(answer: str) -> Callable[[str, str], str]:
    """Gives calls without an id one that is the same for the same place in the same answer."""
    made = 0

    def named(id_: str, name: str) -> str:
        nonlocal made
        made += 1
        return id_ or "call_" + sha256(f"{answer} {made} {name}".encode()).hexdigest()[:24]

    return named


def ending(body: Json, called: bool) -> Ending | None:
    """Why an answer, or a piece of one, ended; None while it has not. A blocked prompt has no candidate at all."""
    if text_of(object_of(body, "promptFeedback"), "blockReason"):
        return "filter"
    candidate = next(iter(objects_of(body, "candidates")), {})
    if not (reason := text_of(candidate, "finishReason")):
        return None
    found = ENDINGS.get(reason, "filter")
    return "tools" if called and found == "stop" else found


def read(body: Json) -> Answer:
    """Generated content as an answer: its first candidate."""
    candidate = next(iter(objects_of(body, "candidates")), {})
    id_ = text_of(body, "responseId")
    named = ids(id_)
    found: list[Part] = []
    for part in objects_of(object_of(candidate, "content"), "parts"):
        found += part_of(part, named, Reasons())
    parts = sealed(found)
    return Answer(
        id=id_,
        model=text_of(body, "modelVersion"),
        parts=parts,
        ending=ending(body, any(isinstance(part, Call) for part in parts)) or "stop",
        usage=used(body, None) or Usage(),
    )


def write(answer: Answer, created: int) -> Json:
    """An answer as generated content."""
    parts: list[Json] = []
    seal = ""
    for part in answer.parts:
        if isinstance(part, Thought):
            seal = seals.packed(seals.written(part.seal, "gemini"))
            if part.text:
                parts.append({"text": part.text, "thought": True})
            continue
        if (found := said(part)) is not None:
            parts.append(found | ({"thoughtSignature": seal} if seal else {}))
            seal = ""
    if seal:
        parts.append({"text": "", "thoughtSignature": seal})
    return piece(answer.id, answer.model, parts, REASONS[answer.ending], answer.usage)


def said(part: Part) -> Json | None:
    """What a model says, as a part."""
    match part:
        case Text(words) | Refusal(words):
            return {"text": words}
        case Call():
            arguments = Reasons().arguments(part.arguments)
            return {"functionCall": {"id": part.id, "name": part.name, "args": arguments}}
    return None


def piece(id_: str, model: str, parts: list[Json], reason: str | None, usage: Usage | None) -> Json:
    """An answer, or one piece of its stream."""
    candidate: Json = {"content": {"role": "model", "parts": parts}, "index": 0}
    if reason is not None:
        candidate["finishReason"] = reason
    found: Json = {"candidates": [candidate], "modelVersion": model, "responseId": id_}
    return found | ({} if usage is None else {"usageMetadata": counts(usage)})
