"""Every kind of provider, by the name that administrators use."""

from __future__ import annotations

from greenlane.gateway.upstream.anthropic import ANTHROPIC
from greenlane.gateway.upstream.driver import Kind
from greenlane.gateway.upstream.gemini import GEMINI
from greenlane.gateway.upstream.openai import AZURE, COMPATIBLE, OPENAI, OPENROUTER

KINDS: dict[str, Kind] = {
    "openai": OPENAI,
    "anthropic": ANTHROPIC,
    "gemini": GEMINI,
    "azure": AZURE,
    "openrouter": OPENROUTER,
    "compatible": COMPATIBLE,
}


def spoken(kind: Kind, *, responses: bool) -> frozenset[str]:
    """The wires that a provider of a kind speaks; ``responses``: and OpenAI's, as an administrator says of it."""
    return kind.wires | {"openai-responses"} if responses else kind.wires
