"""Gemini. Facts: https://ai.google.dev/api, https://ai.google.dev/gemini-api/docs/api-versions."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from greenlane.gateway.upstream.driver import Asking

_VERSION = "v1beta"


@dataclass(frozen=True, slots=True)
class Gemini:
    """Model and streaming stand in the path."""

    wires: frozenset[str] = frozenset(("gemini-generate", "gemini-embed", "gemini-count"))
    translated: str = "gemini-generate"
    limit: str = ""

    def target(self, base: str, asking: Asking) -> str:
        """The path of a model's method. A stream is asked for as events unless the caller reads one array."""
        for version in ("/v1beta", "/v1alpha", "/v1"):
            base = base.removesuffix(version)
        name = asking.model if "/" in asking.model else f"models/{asking.model}"
        query = asking.query
        if asking.stream and not asking.array and "alt=sse" not in query.split("&"):
            query = f"{query}&alt=sse" if query else "alt=sse"
        path = f"{base}/{asking.version or _VERSION}/{quote(name, safe='/')}:{_method(asking)}"
        return f"{path}?{query}" if query else path

    def headers(self, secret: str, *, translated: bool) -> list[tuple[bytes, bytes]]:
        """The key, never in the address: addresses are logged."""
        return [(b"x-goog-api-key", secret.encode())]


def _method(asking: Asking) -> str:
    if asking.wire == "gemini-count":
        return "countTokens"
    if asking.wire == "gemini-embed":
        return "batchEmbedContents" if asking.batch else "embedContent"
    return "streamGenerateContent" if asking.stream else "generateContent"


GEMINI = Gemini()
