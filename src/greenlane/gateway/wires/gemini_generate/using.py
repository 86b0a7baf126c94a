"""The usage of generated content.

Facts: https://ai.google.dev/api/generate-content#UsageMetadata: thoughts stand beside ``candidatesTokenCount``, cached
tokens within ``promptTokenCount``, the prompt of tools beside it; details are told by modality. In a stream every piece
has the counts so far, and pieces may leave some out.
"""

from __future__ import annotations

from greenlane.gateway.usage import Usage
from greenlane.gateway.wires.counting import count, each, parts_of
from greenlane.gateway.wires.members import Json

MARKS = (b'"usageMetadata"', b'"usage_metadata"', b'"finishReason"', b'"totalTokens"', b'"error"')
LAST = b"[DONE]"


def used(document: Json, before: Usage | None) -> Usage | None:
    """What an answer, or a piece of one, says that was used, on top of what earlier pieces said."""
    usage = document.get("usageMetadata")
    if isinstance(document.get("totalTokens"), int):
        return Usage()
    if not isinstance(usage, dict) or not ("promptTokenCount" in usage or "candidatesTokenCount" in usage):
        return before
    now = before or Usage()
    writing = bool(document.get("candidates")) and not ended(document)
    thoughts = (count(usage, "thoughtsTokenCount") or 0) if "thoughtsTokenCount" in usage else now.reasoning
    before_it = now.output + now.output_audio - now.reasoning
    answer = (count(usage, "candidatesTokenCount") or 0) if "candidatesTokenCount" in usage else before_it
    output, spoken = parts_of(answer, _of(usage, "candidatesTokensDetails", "AUDIO") or now.output_audio)
    if "promptTokenCount" not in usage:
        return Usage(
            input=now.input,
            cache_read=now.cache_read,
            input_audio=now.input_audio,
            input_image=now.input_image,
            output=output + thoughts,
            output_audio=spoken,
            reasoning=thoughts,
            estimated=writing,
        )
    plain, cached, heard, seen = parts_of(
        count(usage, "promptTokenCount"),
        count(usage, "cachedContentTokenCount"),
        _of(usage, "promptTokensDetails", "AUDIO") - _of(usage, "cacheTokensDetails", "AUDIO"),
        _of(usage, "promptTokensDetails", "IMAGE") - _of(usage, "cacheTokensDetails", "IMAGE"),
    )
    return Usage(
        input=plain + (count(usage, "toolUsePromptTokenCount") or 0),
        cache_read=cached,
        input_audio=heard,
        input_image=seen,
        output=output + thoughts,
        output_audio=spoken,
        reasoning=thoughts,
        estimated=writing,
    )


def _of(usage: Json, details: str, modality: str) -> int:
    return sum(count(one, "tokenCount") or 0 for one in each(usage, details) if one.get("modality") == modality)


def trouble(document: Json) -> str | None:
    """What went wrong, in the provider's word: ``UNAVAILABLE`` and its like."""
    error = document.get("error")
    if not isinstance(error, dict):
        return None
    return str(error.get("status") or error.get("code") or error.get("message") or "error")


def ended(document: Json) -> bool:
    """Whether the model is done: every candidate says why. Only the end of the stream itself says that nothing follows."""
    candidates = each(document, "candidates")
    return bool(candidates) and all(one.get("finishReason") for one in candidates)


def counts(usage: Usage) -> Json:
    """A usage in this wire's words."""
    return {
        "promptTokenCount": usage.read,
        "cachedContentTokenCount": usage.cache_read,
        "candidatesTokenCount": usage.written - usage.reasoning,
        "thoughtsTokenCount": usage.reasoning,
        "totalTokenCount": usage.read + usage.written,
    }
