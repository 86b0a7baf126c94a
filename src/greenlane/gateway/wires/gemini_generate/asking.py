"""What a request to generate content asks for.

Facts: https://ai.google.dev/api/generate-content#request-body, https://ai.google.dev/api/tokens. That thoughts are spent
within ``maxOutputTokens``: https://github.com/googleapis/python-genai/issues/2062.
"""

from __future__ import annotations

from typing import Any

from greenlane.gateway.wires.asked import Asked, NotUnderstood, Wire
from greenlane.gateway.wires.gemini_generate.names import count_of, member, object_of, objects_of, text_of
from greenlane.gateway.wires.members import Json
from greenlane.gateway.wires.tally import Kind, Tally

_APART = frozenset(
    ("text", "inlineData", "inline_data", "fileData", "file_data", "functionResponse", "function_response")
)
_KNOWN = _APART | frozenset(
    (
        *("functionCall", "function_call", "thought", "thoughtSignature", "thought_signature"),
        *("executableCode", "executable_code", "codeExecutionResult", "code_execution_result"),
        *("videoMetadata", "video_metadata", "mediaResolution", "media_resolution", "partMetadata", "part_metadata"),
    )
)
_DECLARATIONS = ("functionDeclarations", "function_declarations")


def asked(wire: Wire, body: Json, model_in_path: str, stream_in_path: bool) -> Asked:
    """Read it. Model and streaming stand in the path. A request to count tokens writes none, so its limit is zero."""
    counting = wire == "gemini-count"
    if counting:
        body = object_of(body, "generateContentRequest") or body
    tally = Tally()
    system = object_of(body, "systemInstruction")
    contents = objects_of(body, "contents")
    for content in (system, *contents):
        parts(tally, content)
    tools = _tools(tally, objects_of(body, "tools"))
    wanted = object_of(body, "generationConfig")
    for schema in ("responseSchema", "responseJsonSchema", "responseFormat"):
        tally.text(member(wanted, schema))
    if member(body, "cachedContent"):
        tally.hide("cachedContent")
    if str(member(body, "serviceTier") or "").upper() not in ("", "UNSPECIFIED", "STANDARD", "FLEX"):
        tally.hide("serviceTier")
    if any(str(one).upper() != "TEXT" for one in member(wanted, "responseModalities") or ()):
        tally.hide("responseModalities")
    answers = count_of(wanted, "candidateCount")
    thinking = count_of(object_of(wanted, "thinkingConfig"), "thinkingBudget")
    return Asked(
        wire=wire,
        model=model(model_in_path or text_of(body, "model")),
        stream=stream_in_path and not counting,
        most=0 if counting else _positive(count_of(wanted, "maxOutputTokens")),
        answers=1 if answers is None else max(answers, 1),
        thinking=_positive(thinking),
        text_bytes=tally.text_bytes,
        messages=len(contents) + bool(system),
        tools=tools,
        media=tuple(tally.media),
        hidden=tally.hidden,
        user=None,
    )


def model(named: str) -> str:
    """A model's name without ``models/``, which both the path and bodies may carry."""
    name = named.removeprefix("models/")
    if not name:
        raise NotUnderstood("The path names no model.", field="model")
    return name


def parts(tally: Tally, content: Json) -> None:
    """Count the parts of a content."""
    for part in objects_of(content, "parts"):
        tally.text(part.get("text"))
        _media(tally, part)
        if result := object_of(part, "functionResponse"):
            tally.members(result, frozenset(("parts",)))
            parts(tally, result)
        for name, value in part.items():
            if name not in _APART:
                tally.text(value)
                if name not in _KNOWN:
                    tally.hide(f"parts.{name}")


def _media(tally: Tally, part: Json) -> None:
    if inlined := object_of(part, "inlineData"):
        type_ = text_of(inlined, "mimeType")
        tally.inline(kind_of(type_), type_, member(inlined, "data"), field="inlineData.data")
    if linked := object_of(part, "fileData"):
        tally.linked(kind_of(text_of(linked, "mimeType")), member(linked, "fileUri"), field="fileData.fileUri")
        tally.hide("fileData")


def kind_of(media_type: str) -> Kind:
    """Whether a media type is an image, audio or video; a document otherwise."""
    match media_type.partition("/")[0].lower():
        case "image":
            return "image"
        case "audio":
            return "audio"
        case "video":
            return "video"
    return "document"


def _tools(tally: Tally, tools: list[Json]) -> int:
    tally.text(tools or None)
    for tool in tools:
        for name in tool:
            if name not in _DECLARATIONS:
                tally.hide(f"tools.{name}")
    return sum(len(objects_of(tool, "functionDeclarations")) for tool in tools)


def _positive(value: Any) -> int | None:
    """Zero and less stand for "as you like" on this wire."""
    return value if value is not None and value > 0 else None
