"""One span of an app, as it is kept: what a program did, when, and which model it says that it called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from greenlane.gateway.app_spans.allowed import Value

SERVER, CONSUMER = 2, 5
"""Kinds of spans (OTLP, ``SpanKind``) of those who are asked, not of those who ask."""
_CALLS_MODELS = frozenset({"chat", "text_completion", "generate_content", "embeddings"})
"""Operations of the conventions that are calls to models; agents and tools are others."""


@dataclass(frozen=True, slots=True)
class AppSpan:
    """``began`` and ``ended`` are nanoseconds since 1970; identifiers are hexadecimal, ``parent`` is empty for none."""

    trace: str
    span: str
    parent: str
    name: str
    kind: int
    began: int
    ended: int
    failed: bool
    attributes: Mapping[str, Value] = field(default_factory=dict)
    resource: Mapping[str, Value] = field(default_factory=dict)

    @property
    def model(self) -> str:
        """The model that it called, empty where it called none."""
        asked = self._text("gen_ai.request.model") or self._text("gen_ai.response.model")
        operation = self._text("gen_ai.operation.name")
        if self.kind in (SERVER, CONSUMER) or (operation and operation not in _CALLS_MODELS):
            return ""
        return asked

    @property
    def provider(self) -> str:
        """Whose model it says that it was."""
        return self._text("gen_ai.provider.name") or self._text("gen_ai.system")

    @property
    def server(self) -> str:
        """Where it called, ``host`` or ``host:port``; empty where it does not say."""
        host, port = self._text("server.address"), self.attributes.get("server.port")
        return f"{host}:{port}" if host and isinstance(port, int) else host

    @property
    def read(self) -> int:
        """Tokens that it says were read."""
        return self._number("gen_ai.usage.input_tokens") or self._number("gen_ai.usage.prompt_tokens")

    @property
    def written(self) -> int:
        """Tokens that it says were written."""
        return self._number("gen_ai.usage.output_tokens") or self._number("gen_ai.usage.completion_tokens")

    def _text(self, name: str) -> str:
        found = self.attributes.get(name)
        return found if isinstance(found, str) else ""

    def _number(self, name: str) -> int:
        found = self.attributes.get(name)
        return found if isinstance(found, int) and found > 0 else 0
