"""What is kept of a span: attributes on this list whose values look like names of programs, and numbers.

Everything else is dropped where it comes in: attributes with prompts and answers, events, links, messages of errors.
Names follow OpenTelemetry's conventions 1.41.0 (https://opentelemetry.io/docs/specs/semconv/registry/attributes/).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

Value = str | int | float | bool | list[str]

NAMES = frozenset(
    {
        "gen_ai.operation.name",
        "gen_ai.provider.name",
        "gen_ai.system",
        "gen_ai.request.model",
        "gen_ai.response.model",
        "gen_ai.response.finish_reasons",
        "gen_ai.request.max_tokens",
        "gen_ai.request.temperature",
        "gen_ai.request.choice.count",
        "gen_ai.output.type",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.prompt_tokens",
        "gen_ai.usage.completion_tokens",
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.reasoning.output_tokens",
        "gen_ai.agent.name",
        "gen_ai.tool.name",
        "gen_ai.tool.type",
        "server.address",
        "server.port",
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "rpc.system",
        "rpc.service",
        "rpc.method",
        "db.system.name",
        "db.operation.name",
        "messaging.system",
        "messaging.operation.type",
        "code.function.name",
        "faas.trigger",
        "error.type",
    }
)
"""Attributes of spans."""

OF_RESOURCES = frozenset(
    {
        "service.name",
        "service.version",
        "service.namespace",
        "deployment.environment.name",
        "telemetry.sdk.language",
        "telemetry.sdk.name",
        "telemetry.sdk.version",
    }
)
"""Attributes of what sends them."""

LONGEST = 120
"""Letters of a value, and of a span's name."""
_MOST = 8
"""Values of a list."""
_LARGEST = 2**63
_WORD = re.compile(r"[A-Za-z0-9._:/@+~,*$<>{}\[\]()-]+")
_WORDS = re.compile(rf"{_WORD.pattern}(?: {_WORD.pattern}){{0,3}}")
"""Up to four words, as in ``POST /orders/{id}`` or ``chat gpt-5-mini``: a sentence is no span's name."""
_PERSONAL = re.compile(r"@[^@]*\.[A-Za-z]{2,}|[0-9][0-9 ()./+-]{5,}[0-9]")
"""An address of mail, or a long number: of a telephone, a card, an account."""
_DATED = re.compile(r"20[0-9]{2}-?[01][0-9]-?[0-3][0-9]")
"""A day, as models have it in their names."""


def value(said: object) -> Value | None:
    """An attribute's value as it is kept; None for one that is not."""
    match said:
        case bool():
            return said
        case int():
            return said if -_LARGEST <= said < _LARGEST else None
        case float():
            return said if math.isfinite(said) else None
        case str():
            return said if _plain(_WORD, said) else None
        case list() if all(isinstance(one, str) for one in said):
            return _several(said)
    return None


def name(said: str) -> str:
    """A span's name as it is kept; empty for one that may tell more than what a program did."""
    return said if _plain(_WORDS, said) else ""


def _several(said: Sequence[str]) -> list[str] | None:
    return [one for one in said[:_MOST] if _plain(_WORD, one)] or None


def _plain(pattern: re.Pattern[str], said: str) -> bool:
    return (
        len(said) <= LONGEST and pattern.fullmatch(said) is not None and _PERSONAL.search(_DATED.sub("", said)) is None
    )
