"""The usage of generated content.

Facts: https://ai.google.dev/api/generate-content#UsageMetadata: thoughts stand beside ``candidatesTokenCount``, cached
tokens within ``promptTokenCount``, the prompt of tools beside it; details are told by modality, a document's pages as
pictures. In a stream every piece has the counts so far, and pieces may leave some out.

Searches are billed by prompt up to Gemini 2.5, and by each query that is not empty from Gemini 3 on
(https://ai.google.dev/gemini-api/docs/google-search, "Pricing").
"""

from __future__ import annotations

from dataclasses import replace

from greenlane.gateway.usage import Usage
from greenlane.gateway.wires.counting import NotCounted, count, each, inside, parts_of
from greenlane.gateway.wires.members import Json

MARKS = (b'"usageMetadata"', b'"usage_metadata"', b'"finishReason"', b'"totalTokens"', b'"error"')
LAST = b"[DONE]"
_PICTURES = ("IMAGE", "DOCUMENT")
_BY_PROMPT = ("gemini-1", "gemini-2")


def used(document: Json, before: Usage | None) -> Usage | None:
    """What an answer, or a piece of one, says that was used, on top of what earlier pieces said."""
    usage = document.get("usageMetadata")
    if isinstance(document.get("totalTokens"), int):
        return Usage()
    if not isinstance(usage, dict) or not ("promptTokenCount" in usage or "candidatesTokenCount" in usage):
        return before
    now = before or Usage()
    writing = bool(document.get("candidates")) and not ended(document)
    found = replace(_written(document, usage, now), searches=max(now.searches, _searches(document)), estimated=writing)
    return _read(usage, found) if "promptTokenCount" in usage else found


def _written(document: Json, usage: Json, now: Usage) -> Usage:
    """What the model wrote so far; pictures are told apart where an answer with pictures does not do so."""
    thoughts = (count(usage, "thoughtsTokenCount") or 0) if "thoughtsTokenCount" in usage else now.reasoning
    said = count(usage, "candidatesTokenCount") or 0 if "candidatesTokenCount" in usage else now.written - now.reasoning
    spoken = _of(usage, "candidatesTokensDetails", "AUDIO") or now.output_audio
    shown = _of(usage, "candidatesTokensDetails", *_PICTURES) or now.output_image
    filmed = _of(usage, "candidatesTokensDetails", "VIDEO") or now.output_video
    if not shown and not usage.get("candidatesTokensDetails") and _shows(document):
        shown = said
    words, spoken, shown, filmed = parts_of(said, spoken, shown, filmed)
    return replace(
        now,
        output=words + thoughts,
        output_audio=spoken,
        output_image=shown,
        output_video=filmed,
        reasoning=thoughts,
    )


def _read(usage: Json, found: Usage) -> Usage:
    """What the model read, the results of tools with it; of what is cached only sound has a price of its own."""
    cached_sound = _of(usage, "cacheTokensDetails", "AUDIO")
    cached = count(usage, "cachedContentTokenCount")
    words, heard_before, plain_before, heard, seen, watched = parts_of(
        count(usage, "promptTokenCount"),
        min(cached_sound, cached or 0),
        (cached or 0) - min(cached_sound, cached or 0),
        _of(usage, "promptTokensDetails", "AUDIO") - cached_sound,
        _of(usage, "promptTokensDetails", *_PICTURES) - _of(usage, "cacheTokensDetails", *_PICTURES),
        _of(usage, "promptTokensDetails", "VIDEO") - _of(usage, "cacheTokensDetails", "VIDEO"),
    )
    of_tools = parts_of(
        count(usage, "toolUsePromptTokenCount"),
        *(_of(usage, "toolUsePromptTokensDetails", *kinds) for kinds in (("AUDIO",), _PICTURES, ("VIDEO",))),
    )
    return replace(
        found,
        input=words + of_tools[0],
        cache_read=plain_before,
        cache_read_audio=heard_before,
        input_audio=heard + of_tools[1],
        input_image=seen + of_tools[2],
        input_video=watched + of_tools[3],
    )


def _of(usage: Json, details: str, *modalities: str) -> int:
    return sum(count(one, "tokenCount") or 0 for one in each(usage, details) if one.get("modality") in modalities)


def _shows(document: Json) -> bool:
    """Whether an answer, or this piece of one, carries a picture."""
    return any(
        str(inside(part, "inlineData").get("mimeType")).startswith("image/")
        for candidate in each(document, "candidates")
        for part in each(inside(candidate, "content"), "parts")
    )


def _searches(document: Json) -> int:
    """How many searches of the web are billed."""
    asked = {
        query
        for candidate in each(document, "candidates")
        for name in ("webSearchQueries", "imageSearchQueries")
        for query in _texts(inside(candidate, "groundingMetadata"), name)
        if query
    }
    model = document.get("modelVersion")
    return min(len(asked), 1) if isinstance(model, str) and model.startswith(_BY_PROMPT) else len(asked)


def _texts(value: Json, name: str) -> list[str]:
    found = value.get(name) or []
    if type(found) is not list or not all(type(one) is str for one in found):
        raise NotCounted(name)
    return found


def trouble(document: Json) -> str | None:
    """What went wrong, in the provider's word: ``UNAVAILABLE`` and its like."""
    error = document.get("error")
    if not isinstance(error, dict):
        return None
    return str(error.get("status") or error.get("code") or error.get("message") or "error")


def ended(document: Json) -> bool:
    """Whether the model is done: every candidate says why, or the prompt was refused. Only the end of the stream itself
    says that nothing follows.
    """
    candidates = each(document, "candidates")
    if not candidates:
        return bool(inside(document, "promptFeedback").get("blockReason"))
    return all(one.get("finishReason") for one in candidates)


def counts(usage: Usage) -> Json:
    """A usage in this wire's words."""
    return {
        "promptTokenCount": usage.read,
        "cachedContentTokenCount": usage.cache_read + usage.cache_read_audio,
        "candidatesTokenCount": usage.written - usage.reasoning,
        "thoughtsTokenCount": usage.reasoning,
        "totalTokenCount": usage.read + usage.written,
    }
