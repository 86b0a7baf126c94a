"""The usage of a chat completion.

Facts: ``openai.types.completion_usage``: cached, written, audio and image tokens are parts of ``prompt_tokens``, reasoning
and audio tokens parts of ``completion_tokens``. With ``stream_options.include_usage`` the last chunk before ``[DONE]``
has it, and every other says ``"usage": null``.
"""

from __future__ import annotations

from dataclasses import replace

from greenlane.gateway.usage import Usage
from greenlane.gateway.wires.counting import count, each, inside, parts_of, written
from greenlane.gateway.wires.members import Json

MARKS = (b'"usage"', b'"error"')
LAST = b"[DONE]"


def used(document: Json, before: Usage | None) -> Usage | None:
    """What a completion, or a chunk of one, says that was used. Some servers count in every chunk, while they write."""
    usage = document.get("usage")
    if not isinstance(usage, dict) or (found := from_counts(usage)) is None:
        return before
    writing = any("delta" in choice and not choice.get("finish_reason") for choice in each(document, "choices"))
    return replace(found, estimated=True) if writing else found


def from_counts(usage: Json) -> Usage | None:
    """The counts of this wire, understood. None where it does not count."""
    prompt = count(usage, "prompt_tokens")
    if prompt is None:
        return None
    read, wrote = inside(usage, "prompt_tokens_details"), inside(usage, "completion_tokens_details")
    cached = count(read, "cached_tokens")
    if cached is None:
        cached = count(usage, "prompt_cache_hit_tokens")
    plain, cache_read, cache_write, audio, image = parts_of(
        prompt,
        cached,
        count(read, "cache_write_tokens"),
        count(read, "audio_tokens"),
        count(read, "image_tokens"),
    )
    said, thought = count(usage, "completion_tokens"), count(wrote, "reasoning_tokens")
    beside = bool(thought) and count(usage, "total_tokens") == prompt + (said or 0) + (thought or 0)
    whole, reasoning = written(said, thought, beside)
    output, output_audio, output_image = parts_of(whole, count(wrote, "audio_tokens"), count(wrote, "image_tokens"))
    return Usage(
        input=plain,
        cache_read=cache_read,
        cache_write=cache_write,
        input_audio=audio,
        input_image=image,
        output=output,
        output_audio=output_audio,
        output_image=output_image,
        reasoning=min(reasoning, output),
    )


def trouble(document: Json) -> str | None:
    """What went wrong in the middle of a stream, in the provider's word; None where nothing did."""
    error = document.get("error")
    if not isinstance(error, dict):
        return None
    return str(error.get("code") or error.get("type") or error.get("message") or "error")


def ended(document: Json) -> bool:
    """Whether nothing follows: on this wire only ``[DONE]`` says so."""
    return False


def counts(usage: Usage) -> Json:
    """A usage in this wire's words."""
    return {
        "prompt_tokens": usage.read,
        "completion_tokens": usage.written,
        "total_tokens": usage.read + usage.written,
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read + usage.cache_read_audio,
            "cache_write_tokens": usage.cache_write + usage.cache_write_hour,
            "audio_tokens": usage.input_audio,
        },
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning, "audio_tokens": usage.output_audio},
    }
