"""The same contents as a request to count their tokens, which costs nothing, and what its answer says.

Facts: https://ai.google.dev/api/tokens; a title is read beside its content, so it is counted as another part of it.
"""

from __future__ import annotations

from typing import Any

import orjson

from greenlane.gateway.wires.gemini_generate.names import object_of, objects_of, text_of
from greenlane.gateway.wires.members import MOST, Json

COUNTABLE = frozenset({"fileData"})
"""What hides its size from us and not from whoever counts: files that lie at the provider."""


def to_count(body: bytes) -> bytes:
    """The request that counts what a request for embeddings holds."""
    document: Json = orjson.loads(body)
    return orjson.dumps({"contents": [_content(one) for one in objects_of(document, "requests") or [document]]})


def tokens(answer: bytes) -> int | None:
    """How many tokens were counted; None where the answer does not say."""
    try:
        found = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return None
    total = found.get("totalTokens") if isinstance(found, dict) else None
    return total if type(total) is int and 0 <= total <= MOST else None


def _content(request: Json) -> dict[str, Any]:
    title = text_of(request, "title")
    content = object_of(request, "content")
    return {**content, "parts": [{"text": title}, *objects_of(content, "parts")]} if title else content
