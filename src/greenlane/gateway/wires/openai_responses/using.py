"""The usage of a response.

Facts: ``openai.types.responses.response_usage``; the events ``response.completed``, ``response.incomplete`` and
``response.failed`` end a stream and carry the whole response, ``error`` carries none. Searches of the web are counted by
items of the output where ``tool_usage`` does not count them; opening a page or looking within it costs nothing
(https://platform.openai.com/docs/guides/tools-web-search, "Output and citations").
"""

from __future__ import annotations

from greenlane.gateway.usage import Usage
from greenlane.gateway.wires.counting import count, each, inside, parts_of, written
from greenlane.gateway.wires.members import Json

MARKS = (b'"usage"', b'"error"')
LAST = b"[DONE]"
_ENDS = ("response.completed", "response.incomplete", "response.failed")


def used(document: Json, before: Usage | None) -> Usage | None:
    """What a response, or an event that carries one, says that was used."""
    response = document.get("response", document)
    usage = response.get("usage") if isinstance(response, dict) else None
    if not isinstance(usage, dict) or (total := count(usage, "input_tokens")) is None:
        return before
    read, wrote = inside(usage, "input_tokens_details"), inside(usage, "output_tokens_details")
    longer = count(inside(read, "cache_write_tokens_details"), "ttl_12h_tokens")
    plain, cache_read, cache_write, audio, image = parts_of(
        total,
        count(read, "cached_tokens"),
        count(read, "cache_write_tokens"),
        count(read, "audio_tokens"),
        count(read, "image_tokens"),
    )
    cache_write, cache_write_hour = parts_of(cache_write, longer)
    whole, reasoning = written(count(usage, "output_tokens"), count(wrote, "reasoning_tokens"))
    output, output_audio = parts_of(whole, count(wrote, "audio_tokens"))
    items = each(response, "output")
    searches = count(inside(inside(response, "tool_usage"), "web_search"), "num_requests")
    if searches is None:
        searches = sum(_is_search(item) for item in items)
    return Usage(
        input=plain,
        cache_read=cache_read,
        cache_write=cache_write,
        cache_write_hour=cache_write_hour,
        input_audio=audio,
        input_image=image,
        output=output,
        output_audio=output_audio,
        reasoning=min(reasoning, output),
        searches=searches,
        file_searches=sum(item.get("type") == "file_search_call" for item in items),
    )


def _is_search(item: Json) -> bool:
    return item.get("type") == "web_search_call" and inside(item, "action").get("type", "search") == "search"


def trouble(document: Json) -> str | None:
    """What went wrong, in the provider's word: an ``error`` event, or the error of a failed response."""
    response = document.get("response", document)
    if document.get("type") == "error" and not isinstance(document.get("error"), dict):
        return str(document.get("code") or document.get("message") or "error")
    error = response.get("error") if isinstance(response, dict) else None
    return (
        str(error.get("code") or error.get("type") or error.get("message") or "error")
        if isinstance(error, dict)
        else None
    )


def ended(document: Json) -> bool:
    """Whether nothing follows."""
    return document.get("type") in _ENDS


def counts(usage: Usage) -> Json:
    """A usage in this wire's words."""
    return {
        "input_tokens": usage.read,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read + usage.cache_read_audio,
            "cache_write_tokens": usage.cache_write + usage.cache_write_hour,
        },
        "output_tokens": usage.written,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.read + usage.written,
    }
