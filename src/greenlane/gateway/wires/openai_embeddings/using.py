"""The usage of embeddings. Facts: ``openai.types.create_embedding_response``: ``prompt_tokens`` and nothing else."""

from __future__ import annotations

from greenlane.gateway.wires.openai_chat.using import LAST, MARKS, ended, trouble, used

__all__ = ["LAST", "MARKS", "ended", "trouble", "used"]
