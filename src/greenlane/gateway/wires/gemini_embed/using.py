"""The usage of embeddings.

Facts: https://ai.google.dev/api/embeddings: answers may carry ``usageMetadata`` with ``promptTokenCount``; older ones
carry nothing, and what was read must then be bounded from the request.
"""

from __future__ import annotations

from greenlane.gateway.wires.gemini_generate.using import LAST, MARKS, ended, trouble, used

__all__ = ["LAST", "MARKS", "ended", "trouble", "used"]
