"""The kinds of providers: what they speak, where they are unless somebody says otherwise, and whose prices hold."""

from __future__ import annotations

from dataclasses import dataclass

WIRES = ("openai", "anthropic", "gemini")
"""The families of wires that callers speak."""


@dataclass(frozen=True, slots=True)
class ProviderKind:
    """``base_url`` is empty where every customer has one of their own; ``prices`` the name in the price list, or empty.

    ``imitates``: it imitates OpenAI, and some of these imitate its responses too.
    """

    speaks: str
    base_url: str = ""
    prices: str = ""
    region: str = ""
    imitates: bool = False


KINDS = {
    "openai": ProviderKind("openai", "https://api.openai.com/v1", "openai", "us"),
    "anthropic": ProviderKind("anthropic", "https://api.anthropic.com", "anthropic", "us"),
    "gemini": ProviderKind("gemini", "https://generativelanguage.googleapis.com", "google", "us"),
    "azure": ProviderKind("openai", prices="azure"),
    "openrouter": ProviderKind("openai", "https://openrouter.ai/api/v1", "openrouter", "us", imitates=True),
    "compatible": ProviderKind("openai", imitates=True),
}
"""Each kind by its name. ``compatible`` is whatever else speaks OpenAI's wire, such as Ollama or vLLM."""
