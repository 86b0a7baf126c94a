"""What the platform may change in a request for embeddings: the model alone, since nothing is written."""

from __future__ import annotations

from typing import Any

from greenlane.gateway.wires.editing import Path
from greenlane.gateway.wires.members import Json


def changes(body: Json, model: str | None, most: int | None, include_usage: bool, limit: str) -> dict[Path, Any]:
    """Members to set."""
    return {("model",): model} if model is not None and body.get("model") != model else {}
