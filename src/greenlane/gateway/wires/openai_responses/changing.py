"""What the platform may change in a request for a response. Its stream always ends with the usage."""

from __future__ import annotations

from typing import Any

from greenlane.gateway.wires.editing import Path
from greenlane.gateway.wires.members import Json


def changes(body: Json, model: str | None, most: int | None, include_usage: bool, limit: str) -> dict[Path, Any]:
    """Members to set."""
    found: dict[Path, Any] = {}
    if model is not None and body.get("model") != model:
        found["model",] = model
    given = body.get("max_output_tokens")
    if most is not None and (given is None or given > most):
        found["max_output_tokens",] = most
    return found
