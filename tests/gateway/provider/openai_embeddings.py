"""OpenAI's embeddings (platform.openai.com/docs/api-reference/embeddings)."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from struct import pack
from typing import Any

from tests.gateway.provider.mind import Prompt
from tests.gateway.provider.openai_errors import check, message
from tests.gateway.provider.prices import MODELS
from tests.gateway.provider.served import Json, Served
from tests.gateway.provider.tokens import count
from tests.gateway.provider.wrong import need

KNOWN = frozenset(["input", "model", "dimensions", "encoding_format", "user"])


def prompt(body: Json) -> Prompt:
    """What the model reads. Raises ``Wrong``."""
    check(body, KNOWN, "input")
    need(MODELS[body["model"]].numbers, message("This is not an embedding model.", "model"))
    given = inputs(body["input"])
    return Prompt([(str(one), count(one) if isinstance(one, str) else len(one), "") for one in given], "")


def inputs(given: Any) -> list[Any]:
    """Texts, or lists of tokens."""
    alone = isinstance(given, str) or (bool(given) and isinstance(given[0], int))
    return [given] if alone else list(given)


def vector(text: str, numbers: int) -> list[float]:
    """Of length one, and the same for the same text."""
    raw = b"".join(sha256(f"{at} {text}".encode()).digest() for at in range(-(-numbers // 32)))[:numbers]
    values = [byte - 127.5 for byte in raw]
    length = sum(value * value for value in values) ** 0.5
    return [value / length for value in values]


def whole(served: Served) -> Json:
    """The vectors."""
    numbers = served.body.get("dimensions") or MODELS[served.model].numbers
    vectors = [vector(str(one), numbers) for one in inputs(served.body["input"])]
    packed = served.body.get("encoding_format") == "base64"
    return {
        "object": "list",
        "data": [
            {
                "object": "embedding",
                "index": at,
                "embedding": b64encode(pack(f"<{numbers}f", *one)).decode() if packed else one,
            }
            for at, one in enumerate(vectors)
        ],
        "model": served.model,
        "usage": {"prompt_tokens": served.counts.read, "total_tokens": served.counts.read},
    }
