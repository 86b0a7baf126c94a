"""One request that is served: what a wire needs to write its answer down."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tests.gateway.provider.mind import Answer, Prompt
from tests.gateway.provider.prices import Counts

Json = dict[str, Any]
Event = tuple[bytes, int]
"""Bytes of a stream, and the tokens that were said when they leave."""


@dataclass(frozen=True, slots=True)
class Served:
    """``counted`` is False where a fault leaves out the usage; ``at`` is seconds since 1970."""

    number: int
    model: str
    body: Json
    prompt: Prompt
    answers: tuple[Answer, ...]
    counts: Counts
    at: int
    counted: bool = True

    def id(self, prefix: str, salt: object = "") -> str:
        """A provider's kind of id, the same for the same request."""
        return prefix + sha256(f"{self.number} {salt}".encode()).hexdigest()[:24]


def dumped(document: Any) -> bytes:
    """JSON as providers write it: compact, and not only ASCII."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
