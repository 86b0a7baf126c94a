"""Anthropic. Facts: https://docs.anthropic.com/en/api/overview, https://docs.anthropic.com/en/api/versioning."""

from __future__ import annotations

from dataclasses import dataclass

from greenlane.gateway.upstream.driver import Asking

_PATHS = {"anthropic-messages": "/v1/messages", "anthropic-count": "/v1/messages/count_tokens"}


@dataclass(frozen=True, slots=True)
class Anthropic:
    """The version is the caller's own where the caller speaks this wire."""

    wires: frozenset[str] = frozenset(_PATHS)
    translated: str = "anthropic-messages"
    limit: str = ""

    def target(self, base: str, asking: Asking) -> str:
        """The path of the wire; the model stands in the body."""
        query = f"?{asking.query}" if asking.query else ""
        return f"{base.removesuffix('/v1')}{_PATHS[asking.wire]}{query}"

    def headers(self, secret: str, *, translated: bool) -> list[tuple[bytes, bytes]]:
        """The key, and the version that a caller of another wire does not know."""
        key = [(b"x-api-key", secret.encode())]
        return [*key, (b"anthropic-version", b"2023-06-01")] if translated else key


ANTHROPIC = Anthropic()
