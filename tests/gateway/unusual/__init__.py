"""Exchanges of shapes that providers do answer with and that are rarer than a question and its answer, by wire."""

from __future__ import annotations

from tests.gateway.unusual.anthropic import ANTHROPIC
from tests.gateway.unusual.gemini import GEMINI
from tests.gateway.unusual.openai_chat import OPENAI_CHAT
from tests.gateway.unusual.openai_responses import OPENAI_EMBEDDINGS, OPENAI_RESPONSES

EXCHANGES = (*OPENAI_CHAT, *OPENAI_RESPONSES, *OPENAI_EMBEDDINGS, *ANTHROPIC, *GEMINI)
