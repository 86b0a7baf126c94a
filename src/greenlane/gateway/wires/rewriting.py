"""Changing the few things that the platform may change in a request, and not a byte beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from greenlane.gateway.wires.anthropic_messages import changing as anthropic_messages
from greenlane.gateway.wires.editing import Path, edited
from greenlane.gateway.wires.gemini_embed import changing as gemini_embed
from greenlane.gateway.wires.gemini_generate import changing as gemini_generate
from greenlane.gateway.wires.openai_chat import changing as openai_chat
from greenlane.gateway.wires.openai_embeddings import changing as openai_embeddings
from greenlane.gateway.wires.openai_responses import changing as openai_responses

_CHANGES: dict[str, Callable[[dict[str, Any], str | None, int | None, bool, str], dict[Path, Any]]] = {
    "openai-chat": openai_chat.changes,
    "openai-responses": openai_responses.changes,
    "openai-embeddings": openai_embeddings.changes,
    "anthropic-messages": anthropic_messages.changes,
    "anthropic-count": anthropic_messages.changes,
    "gemini-generate": gemini_generate.changes,
    "gemini-embed": gemini_embed.changes,
    "gemini-count": gemini_generate.changes,
}


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A request after changes: its bytes, and the names of what was changed, with dots for what lies deeper."""

    body: bytes
    changed: tuple[str, ...]


def rewritten(
    wire: str,
    body: bytes,
    *,
    model: str | None = None,
    most: int | None = None,
    include_usage: bool = False,
    limit: str = "",
) -> Rewritten:
    """A request that was read before (``reading.asked``), with another model, a limit of output tokens, usage in its stream.

    ``most`` only lowers: a caller's own smaller limit stays, and a thinking budget is lowered with it. ``limit`` names the
    member to add on the chat wire where the caller gave none and the server knows the old name alone (``max_tokens``).
    Bytes that need no change are returned as they are. To count tokens there is no limit to set.
    """
    if wire in ("anthropic-count", "gemini-count"):
        most = None
    changes = _CHANGES[wire](orjson.loads(body), model, most, include_usage, limit)
    return Rewritten(edited(body, changes) if changes else body, tuple(".".join(path) for path in changes))
