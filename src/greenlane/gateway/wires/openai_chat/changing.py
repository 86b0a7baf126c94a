"""What the platform may change in a request for a chat completion.

Facts: ``max_completion_tokens`` replaced ``max_tokens`` and counts reasoning too; models that reason refuse the old one
(https://platform.openai.com/docs/api-reference/chat/create). Servers that only imitate the wire may know the old one alone.
"""

from __future__ import annotations

from typing import Any

from greenlane.gateway.wires.editing import Path
from greenlane.gateway.wires.members import Json

_LIMITS = ("max_completion_tokens", "max_tokens")


def changes(body: Json, model: str | None, most: int | None, include_usage: bool, limit: str) -> dict[Path, Any]:
    """Members to set. Without a limit of the caller's own the one named ``limit`` is added."""
    found: dict[Path, Any] = {}
    if model is not None and body.get("model") != model:
        found["model",] = model
    if most is not None:
        given = [name for name in _LIMITS if body.get(name) is not None]
        found |= {
            (name,): most for name in given or [limit or _LIMITS[0]] if body.get(name) is None or body[name] > most
        }
    options = body.get("stream_options")
    if include_usage and body.get("stream") and not (isinstance(options, dict) and options.get("include_usage")):
        found["stream_options", "include_usage"] = True
    return found
