"""What the platform may change in a request to generate content. The model stands in the path, and that is not changed here.

Facts: https://ai.google.dev/api/generate-content#generationconfig; a thinking budget is spent within ``maxOutputTokens``.
"""

from __future__ import annotations

from typing import Any

from greenlane.gateway.wires.editing import Path
from greenlane.gateway.wires.gemini_generate.names import count_of, object_of, written
from greenlane.gateway.wires.members import Json


def changes(body: Json, model: str | None, most: int | None, include_usage: bool, limit: str) -> dict[Path, Any]:
    """Members to set, by the names that the request uses. The model is set where the body repeats it."""
    found: dict[Path, Any] = {}
    way: Path = ()
    counted = written(body, "generateContentRequest")
    if isinstance(body.get(counted), dict):
        way, body = (counted,), body[counted]
    if model is not None and body.get("model", model).removeprefix("models/") != model:
        found[*way, "model"] = f"models/{model}"
    config = written(body, "generationConfig")
    wanted = object_of(body, "generationConfig")
    if most is None:
        return found
    given = count_of(wanted, "maxOutputTokens") or 0
    if given <= 0 or given > most:
        found[*way, config, written(wanted, "maxOutputTokens")] = most
        thinking = object_of(wanted, "thinkingConfig")
        budget = count_of(thinking, "thinkingBudget")
        if budget is not None and budget > most:
            found[*way, config, written(wanted, "thinkingConfig"), written(thinking, "thinkingBudget")] = most
    return found
