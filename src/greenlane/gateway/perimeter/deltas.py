"""Where the pieces of a text lie in an event of a stream, and which pieces belong to one text.

Facts: the references that ``wires/*/streams.py`` name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Json = dict[str, Any]


class Delta(NamedTuple):
    """The next piece of a text: the object and the member that hold it.

    ``answer`` tells apart answers that come side by side (``n`` of them), ``part`` the texts within one answer, which come
    one after the other. ``json`` is true where the text is a JSON document in pieces.
    """

    answer: int
    part: str
    owner: Json
    name: str
    json: bool = False


def deltas(wire: str, event: Json) -> Iterator[Delta]:
    """The pieces that an event carries; none for what is no piece of a text."""
    return _DELTAS[wire](event)


def answers(event: Json) -> list[int] | None:
    """Which of the answers side by side an event is about; None where it is about all of them."""
    for name in ("choices", "candidates"):
        if isinstance(listed := event.get(name), list) and listed:
            return [_index(one) for one in listed if isinstance(one, dict)]
    return None


def _chat(event: Json) -> Iterator[Delta]:
    for choice in _objects(event.get("choices")):
        answer, delta = _index(choice), choice.get("delta")
        if not isinstance(delta, dict):
            continue
        for name in ("content", "reasoning_content", "reasoning", "refusal"):
            if isinstance(delta.get(name), str):
                yield Delta(answer, name, delta, name)
        for call in _objects(delta.get("tool_calls")):
            function = call.get("function")
            if isinstance(function, dict) and isinstance(function.get("arguments"), str):
                yield Delta(answer, f"call {call.get('index')}", function, "arguments", json=True)


def _responses(event: Json) -> Iterator[Delta]:
    kind = event.get("type")
    if isinstance(kind, str) and kind.endswith(".delta") and isinstance(event.get("delta"), str):
        part = f"{kind} {event.get('output_index')} {event.get('content_index')} {event.get('summary_index')}"
        yield Delta(0, part, event, "delta", json="arguments" in kind)


def _messages(event: Json) -> Iterator[Delta]:
    delta = event.get("delta")
    if event.get("type") == "content_block_delta" and isinstance(delta, dict):
        for name in ("text", "thinking", "partial_json"):
            if isinstance(delta.get(name), str):
                yield Delta(0, f"{event.get('index')} {name}", delta, name, json=name == "partial_json")


def _gemini(event: Json) -> Iterator[Delta]:
    for candidate in _objects(event.get("candidates")):
        content = candidate.get("content")
        for part in _objects(content.get("parts") if isinstance(content, dict) else None):
            if isinstance(part.get("text"), str):
                yield Delta(_index(candidate), f"text {part.get('thought')}", part, "text")


def _objects(value: Any) -> Iterator[Json]:
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else iter(())


def _index(value: Json) -> int:
    index = value.get("index")
    return index if isinstance(index, int) else 0


_DELTAS: dict[str, Callable[[Json], Iterator[Delta]]] = {
    "openai-chat": _chat,
    "openai-responses": _responses,
    "anthropic-messages": _messages,
    "gemini-generate": _gemini,
}
