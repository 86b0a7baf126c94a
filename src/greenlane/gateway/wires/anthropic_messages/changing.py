"""What the platform may change in a request for a message.

Facts: ``thinking.budget_tokens`` is at least 1024 and less than ``max_tokens``
(https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking). A limit that leaves less turns thinking off.
"""

from __future__ import annotations

from typing import Any

from greenlane.gateway.wires.editing import Path
from greenlane.gateway.wires.members import Json

LEAST_THINKING = 1024


def changes(body: Json, model: str | None, most: int | None, include_usage: bool, limit: str) -> dict[Path, Any]:
    """Members to set. The stream always carries the usage."""
    found: dict[Path, Any] = {}
    if model is not None and body.get("model") != model:
        found["model",] = model
    given = body.get("max_tokens")
    if most is not None and (given is None or given > most):
        found["max_tokens",] = most
        budget = (body.get("thinking") or {}).get("budget_tokens")
        if budget is not None and budget >= most:
            if most > LEAST_THINKING:
                found["thinking", "budget_tokens"] = most - 1
            else:
                found["thinking",] = {"type": "disabled"}
    return found
