"""What the platform may change in a request for embeddings: the model, which every request of a batch repeats."""

from __future__ import annotations

from typing import Any

from greenlane.gateway.wires.editing import Path
from greenlane.gateway.wires.gemini_generate.names import objects_of
from greenlane.gateway.wires.members import Json


def changes(body: Json, model: str | None, most: int | None, include_usage: bool, limit: str) -> dict[Path, Any]:
    """Members to set."""
    if model is None:
        return {}
    found: dict[Path, Any] = {}
    if body.get("model", model).removeprefix("models/") != model:
        found["model",] = f"models/{model}"
    requests = objects_of(body, "requests")
    if any(one.get("model", model).removeprefix("models/") != model for one in requests):
        found["requests",] = [{**one, "model": f"models/{model}"} for one in requests]
    return found
