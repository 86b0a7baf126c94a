"""The usage of a message.

Facts: ``anthropic.types.usage``, ``message_delta_usage``: cache reads and writes stand beside ``input_tokens``, thinking
within ``output_tokens``. In a stream ``message_start`` has what was read, and the counts of ``message_delta`` are
cumulative (https://docs.anthropic.com/en/docs/build-with-claude/streaming); what it leaves out still holds.

Tokens with which a context was summed up are billed beside all others: ``anthropic.types.beta.BetaUsage``, ``iterations``.
"""

from __future__ import annotations

from dataclasses import replace

from greenlane.gateway.usage import Usage
from greenlane.gateway.wires.counting import count, each, inside, parts_of
from greenlane.gateway.wires.members import Json

MARKS = (b'"usage"', b'"error"', b'"message_stop"')
LAST = b"[DONE]"


def used(document: Json, before: Usage | None) -> Usage | None:
    """What a message, or an event of one, says that was used, on top of what earlier events said."""
    message = document.get("message", document)
    usage = message.get("usage") if isinstance(message, dict) else None
    if isinstance(document.get("input_tokens"), int):
        return Usage()
    if not isinstance(usage, dict):
        return before
    found = replace(_told(usage, before or Usage()), estimated=document.get("type") == "message_start")
    for one in each(usage, "iterations") if usage.get("iterations") else ():
        if one.get("type") == "compaction":
            found = found.plus(_told(one, Usage()))
    return found


def _told(usage: Json, now: Usage) -> Usage:
    """The counts that stand together in one place, on top of what was told there before."""
    told = {
        "input": count(usage, "input_tokens"),
        "cache_read": count(usage, "cache_read_input_tokens"),
        "output": count(usage, "output_tokens"),
        "reasoning": count(inside(usage, "output_tokens_details"), "thinking_tokens"),
        "searches": count(inside(usage, "server_tool_use"), "web_search_requests"),
    }
    written = count(usage, "cache_creation_input_tokens")
    if written is not None:
        by_life = inside(usage, "cache_creation")
        hour = count(by_life, "ephemeral_1h_input_tokens") if by_life else now.cache_write_hour
        told["cache_write"], told["cache_write_hour"] = parts_of(written, hour)
    counts = {name: one for name, one in told.items() if one is not None}
    found = replace(now, **counts, estimated=now.estimated)
    return replace(found, reasoning=min(found.reasoning, found.output))


def trouble(document: Json) -> str | None:
    """What went wrong, in the provider's word: ``overloaded_error`` and its like."""
    error = document.get("error")
    if document.get("type") != "error" or not isinstance(error, dict):
        return None
    return str(error.get("type") or error.get("message") or "error")


def ended(document: Json) -> bool:
    """Whether nothing follows."""
    return document.get("type") == "message_stop"


def counts(usage: Usage) -> Json:
    """A usage in this wire's words."""
    return {
        "input_tokens": usage.input + usage.input_audio + usage.input_image + usage.input_video,
        "cache_read_input_tokens": usage.cache_read + usage.cache_read_audio,
        "cache_creation_input_tokens": usage.cache_write + usage.cache_write_hour,
        "output_tokens": usage.written,
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
    }
