"""The most that a call can cost, before it is let through.

A token is at least one byte of text: byte-level vocabularies (OpenAI's ``tiktoken``) and those that fall back to bytes
(Google's SentencePiece) never make more tokens than bytes, so every byte is counted as a token: of the whole body where its
size is known, because what a wire puts around each part (kinds, names, ids) is longer than what a provider's own markers
take. What comes once for each call, message and tool is counted by constants; pictures by their provider's formula; what has
no told size as the model's whole window; what lies at the provider as an administrator says, or not at all. Where the
provider counted the very request, its count holds instead of the bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from greenlane.gateway.pictures import tokens as tokens_of_picture
from greenlane.gateway.prices.money import dollars
from greenlane.gateway.prices.rates import Rates
from greenlane.gateway.wires.asked import Asked, Media

EACH_CALL = 512
"""Tokens that a provider puts around any call: what starts an answer (3, OpenAI cookbook "How to count tokens"), and the
words that explain a schema for the answer (Anthropic "Structured outputs": an additional system prompt, of no told size).
"""
EACH_MESSAGE = 16
"""Tokens around a message: 3, and 1 for a name (OpenAI cookbook); the same for markers of parts within it."""
EACH_TOOL = 32
"""Tokens around a tool: at most 10 and 12, and 3 for each key, which has more bytes than that (OpenAI cookbook)."""
WITH_TOOLS = 1_024
"""Tokens of the words with which tools come: 159 to 804, told by model (Anthropic "Tool use", table of prices)."""
EACH_DEFINED = 1_536
"""Tokens of a tool that the provider describes: 245 for a shell, 700 for an editor, 735 for a computer and 499 of further
words with it (Anthropic "Bash tool", "Text editor tool", "Computer use tool": pricing).
"""
LEAST = 16
"""Tokens below which no answer is cut: OpenAI refuses a smaller ``max_output_tokens``."""
NO_ANSWER = frozenset({"openai-embeddings", "gemini-embed"})
"""Wires on which a model reads each text by itself and writes nothing, so that nothing stands around the texts but marks of
where they begin and end. Google's older models tell no usage there: their bound is what is charged."""
COUNTING = frozenset({"anthropic-count", "gemini-count"})
"""Wires that count tokens and cost nothing (Anthropic "Token counting", Google "Understand and count tokens")."""
SIZED_SOUND = ("audio/wav", "audio/x-wav", "audio/wave", "audio/mp3", "audio/mpeg", "wav", "mp3", "pcm16")
"""Sound with a fixed smallest rate of 8 kbit/s: 1,000 bytes for 32 tokens (Google) or 10 (OpenAI), so a byte is more
than a token. Other formats write silence in almost nothing.
"""


@dataclass(slots=True)
class Bound:
    """No more than ``pico`` pico-dollars, for at most ``read`` tokens and an answer of at most ``most`` tokens each.

    ``most`` is what the request has to say as its limit; ``clamped`` that it is less than was asked for, and ``reasons``
    say it in words, for the caller.
    """

    pico: int
    most: int
    clamped: bool
    reasons: tuple[str, ...]
    read: int


@dataclass(frozen=True, slots=True)
class Unbounded:
    """Nobody can say what the call may cost, and why; under a hard budget it is refused."""

    reasons: tuple[str, ...]


def bound(
    asked: Asked,
    rates: Rates,
    *,
    wire: str = "",
    model: str = "",
    size: int = 0,
    clamp_to: int | None = None,
    otherwise_most: int = 4_096,
    window: int | None = None,
    beyond: int | None = None,
) -> Bound | Unbounded:
    """An upper bound of a call's cost at ``rates``, the highest that it can meet (``Table.ceiling``).

    ``wire`` and ``model`` are those that serve, where they are not the ones asked; ``size`` is the bytes of the body that
    goes to the provider. ``clamp_to`` is what budgets leave in
    pico-dollars: the answer is made shorter to fit, where a useful answer is left. ``otherwise_most`` is the limit of a
    request that says none. ``window`` is the model's largest prompt in tokens, counted once for all media whose size nobody
    knows. ``beyond`` is an administrator's bound in pico-dollars for all that one call can make the provider do unseen.
    """
    wire = wire or asked.wire
    if wire in COUNTING:
        return Bound(0, 0, False, (), 0)
    if asked.counted is not None and asked.counted.model == (model or asked.model):
        read = asked.counted.tokens + EACH_MESSAGE * asked.messages
        return Bound(read * _dearest(asked, rates) + rates.call, 0, False, (), read)
    text = asked.text_bytes
    if size > text and wire not in NO_ANSWER:
        beside = sum([-(-(one.bytes or 0) // 3) * 4 for one in asked.media]) if asked.media else 0
        text = max(text, size - beside)
    text += EACH_MESSAGE * asked.messages + (0 if wire in NO_ANSWER else EACH_CALL)
    if asked.tools:
        text += EACH_TOOL * asked.tools + WITH_TOOLS + EACH_DEFINED * asked.defined
    read, pico = text, text * rates.reads + rates.call
    if asked.media or asked.hidden:
        extra = _beside_text(asked, rates, wire, model or asked.model, window, beyond)
        if isinstance(extra, Unbounded):
            return extra
        read, pico = read + extra[0], pico + extra[1]
    if wire in NO_ANSWER:
        return Bound(pico, 0, False, (), read)
    each = rates.writes * asked.answers
    wanted = max(asked.most if asked.most is not None else otherwise_most, asked.thinking or 0)
    if clamp_to is not None and each and pico + wanted * each > clamp_to:
        most = (clamp_to - pico) // each
        if most >= LEAST:
            return Bound(pico + most * each, most, True, (_shorter(most, wanted, clamp_to),), read)
    return Bound(pico + wanted * each, wanted, False, (), read)


def least(bounded: Bound, rates: Rates, answers: int) -> int:
    """Pico-dollars of the same call with the shortest useful answer: below this a budget has nothing left for it."""
    return bounded.pico - max(0, bounded.most - LEAST) * rates.writes * answers


def _dearest(asked: Asked, rates: Rates) -> int:
    """Pico-dollars of a token of whatever a request carries."""
    return max([rates.reads, *(_rate(one, rates) for one in asked.media)])


def _rate(one: Media, rates: Rates) -> int:
    """Pico-dollars of the dearest token that a medium can be read as: documents as pictures, films with their sound."""
    match one.kind:
        case "image" | "document":
            return max(rates.reads, rates.input_image)
        case "audio":
            return max(rates.reads, rates.input_audio, rates.cache_read_audio)
        case "video":
            return max(rates.reads, rates.input_video, rates.input_audio, rates.cache_read_audio, rates.input_image)


def _beside_text(
    asked: Asked, rates: Rates, wire: str, model: str, window: int | None, beyond: int | None
) -> tuple[int, int] | Unbounded:
    """Tokens and pico-dollars of media and of what lies at the provider."""
    reasons: list[str] = []
    read = pico = 0
    unknown: int | None = None
    for one in asked.media:
        tokens = _tokens(one, wire, model)
        if tokens is None and window is not None:  # all of them together are no longer than a whole prompt
            unknown = max(unknown or 0, _rate(one, rates))
            continue
        if tokens is None:
            reasons.append(f"Nobody here can tell the size of the {one.kind} that the request carries or points at.")
            continue
        read += tokens
        pico += tokens * _rate(one, rates)
    if unknown is not None and window is not None:
        read, pico = read + window, pico + window * unknown
    if asked.hidden:
        fields = ", ".join(asked.hidden)
        reasons.append(f"The request refers to what lies at the provider and cannot be seen from here: {fields}.")
    if not reasons:
        return read, pico
    return Unbounded(tuple(reasons)) if beyond is None else (read, pico + beyond)


def _tokens(one: Media, wire: str, model: str) -> int | None:
    """The most tokens of a medium, None where its bytes say nothing about it."""
    if one.kind == "image":
        return tokens_of_picture(one, wire, model)
    if one.bytes is None:
        return None
    plain = one.kind == "document" and one.type.startswith("text/")
    sized = one.kind == "audio" and one.type in SIZED_SOUND
    return one.bytes + EACH_MESSAGE if plain or sized else None


def _shorter(most: int, wanted: int, left: int) -> str:
    return f"The answer has at most {most} tokens instead of {wanted}, because the budget has {dollars(left)} left."
