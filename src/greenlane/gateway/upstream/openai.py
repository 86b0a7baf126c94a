"""Providers that speak OpenAI's wires: OpenAI itself, Azure, OpenRouter, and whatever imitates them (Ollama, vLLM).

Facts: https://platform.openai.com/docs/api-reference; Azure's v1 address, where the model in the body names a deployment:
https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle; https://openrouter.ai/docs/api-reference/overview.
"""

from __future__ import annotations

from dataclasses import dataclass

from greenlane.gateway.upstream.driver import Asking

_PATHS = {"openai-chat": "/chat/completions", "openai-responses": "/responses", "openai-embeddings": "/embeddings"}
_IMITATED = frozenset(("openai-chat", "openai-embeddings"))


@dataclass(frozen=True, slots=True)
class OpenAI:
    """``header`` carries the secret; ``under`` is put where an address names a host alone."""

    wires: frozenset[str] = frozenset(_PATHS)
    translated: str = "openai-chat"
    limit: str = "max_completion_tokens"
    header: bytes = b"authorization"
    under: str = "/v1"

    def target(self, base: str, asking: Asking) -> str:
        """The path of the wire; the model stands in the body."""
        query = f"?{asking.query}" if asking.query else ""
        return f"{base or self.under}{_PATHS[asking.wire]}{query}"

    def headers(self, secret: str, *, translated: bool) -> list[tuple[bytes, bytes]]:
        """One field; none for a server without keys."""
        if not secret:
            return []
        value = secret if self.header != b"authorization" else f"Bearer {secret}"
        return [(self.header, value.encode())]


OPENAI = OpenAI()
AZURE = OpenAI(header=b"api-key", under="/openai/v1")
OPENROUTER = OpenAI(wires=_IMITATED, limit="max_tokens", under="/api/v1")
COMPATIBLE = OpenAI(wires=_IMITATED, limit="max_tokens")
