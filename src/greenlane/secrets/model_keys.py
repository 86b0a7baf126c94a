"""Which values are keys of companies that offer models: calls with them pass by the platform's own way to models.

A key is known by the name under which it is kept, which libraries prescribe, or by its own beginning. Sources: the
companies' references, read in November 2026. What the platform itself gave out is no such key.
"""

from __future__ import annotations

import re

_NAMED = {
    "OpenAI": r"OPENAI_(?:API_)?KEY",
    "Azure OpenAI": r"AZURE_OPENAI_(?:API_)?KEY",
    "Anthropic": r"ANTHROPIC_(?:API_KEY|AUTH_TOKEN)|CLAUDE_API_KEY",
    "Google Gemini": r"GEMINI_API_KEY|GOOGLE_(?:GENERATIVE_AI|GENAI|AI)_API_KEY",
    "OpenRouter": r"OPENROUTER_(?:API_)?KEY",
    "Mistral": r"MISTRAL_API_KEY",
    "Groq": r"GROQ_API_KEY",
    "xAI": r"XAI_API_KEY",
    "DeepSeek": r"DEEPSEEK_API_KEY",
    "Together": r"TOGETHER_(?:AI_)?API_KEY",
    "Fireworks": r"FIREWORKS_API_KEY",
    "Perplexity": r"PERPLEXITY_API_KEY|PPLX_API_KEY",
    "Cohere": r"(?:COHERE|CO)_API_KEY",
}
_BEGINNING = {
    "Anthropic": r"sk-ant-",
    "OpenRouter": r"sk-or-",
    "OpenAI": r"sk-(?:proj|svcacct|admin)-|sk-[A-Za-z0-9]{20}T3BlbkFJ",
    "Groq": r"gsk_[A-Za-z0-9]{20}",
    "xAI": r"xai-[A-Za-z0-9]{20}",
    "Perplexity": r"pplx-[A-Za-z0-9]{20}",
}
_OWN = re.compile(r"gl[ak]_")


def maker(name: str, value: str = "") -> str:
    """Whose models the value opens, empty for nobody's. ``value`` is left out where only the name may be known."""
    if _OWN.match(value):
        return ""
    for known, beginning in _BEGINNING.items():
        if re.match(beginning, value):
            return known
    return next((known for known, named in _NAMED.items() if re.fullmatch(named, name)), "")
