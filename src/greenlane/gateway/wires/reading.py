"""Reading a request of any wire: what it asks for, from its bytes alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from greenlane.gateway.wires.anthropic_messages import asking as anthropic_messages
from greenlane.gateway.wires.asked import WIRES, Asked, Media, NotUnderstood, Wire
from greenlane.gateway.wires.document import document
from greenlane.gateway.wires.gemini_embed import asking as gemini_embed
from greenlane.gateway.wires.gemini_generate import asking as gemini_generate
from greenlane.gateway.wires.openai_chat import asking as openai_chat
from greenlane.gateway.wires.openai_embeddings import asking as openai_embeddings
from greenlane.gateway.wires.openai_responses import asking as openai_responses

__all__ = ["WIRES", "Asked", "Media", "NotUnderstood", "Wire", "asked"]

_STEPS = frozenset((".", ".."))
"""What leads elsewhere in a path (RFC 3986, 5.2.4): some providers have the model in theirs."""
_READERS: dict[str, Callable[[Any, dict[str, Any], str, bool], Asked]] = {
    "openai-chat": openai_chat.asked,
    "openai-responses": openai_responses.asked,
    "openai-embeddings": openai_embeddings.asked,
    "anthropic-messages": anthropic_messages.asked,
    "anthropic-count": anthropic_messages.asked,
    "gemini-generate": gemini_generate.asked,
    "gemini-embed": gemini_embed.asked,
    "gemini-count": gemini_generate.asked,
}


def asked(wire: str, body: bytes, model_in_path: str = "", stream_in_path: bool = False) -> Asked:
    """What a request on a wire asks for. Raises ``NotUnderstood``, and KeyError for a wire that is none.

    Gemini names the model in the path and streams by it; Azure's paths name a deployment.
    """
    read = _READERS[wire]
    given = document(body)
    try:
        found = read(wire, given, model_in_path, stream_in_path)
    except (AttributeError, TypeError) as error:  # a list where an object should be, somewhere deep down
        raise NotUnderstood("The request does not have the shape that its reference describes.") from error
    if "." in found.model and not _STEPS.isdisjoint(found.model.split("/")):
        raise NotUnderstood("No model is called like that.", field="model")
    return found
