"""One recorded call as a span, in OTLP's JSON.

Facts: OpenTelemetry's conventions for generative AI, 1.41.0, all of them still in development
(https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/), so the version is pinned here and named in what is
sent; OTLP 1.x in JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): identifiers in hexadecimal,
64-bit numbers as strings. What the conventions have no word for stands under ``greenlane.``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any

from greenlane.gateway.queries.calls import Call
from greenlane.kit.clock import parse

CONVENTIONS = "https://opentelemetry.io/schemas/1.41.0"
_CLIENT = 3
_ERROR = 2
_OPERATIONS = {
    "openai-chat": "chat",
    "openai-responses": "chat",
    "openai-embeddings": "embeddings",
    "anthropic-messages": "chat",
    "anthropic-count": "count_tokens",
    "gemini-generate": "generate_content",
    "gemini-embed": "embeddings",
    "gemini-count": "count_tokens",
}
_USAGE = {
    "cache_read": "gen_ai.usage.cache_read.input_tokens",
    "cache_write": "gen_ai.usage.cache_creation.input_tokens",
    "reasoning": "gen_ai.usage.reasoning.output_tokens",
}
_PARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")
"""W3C Trace Context, ``traceparent``."""


def document(calls: Iterable[Call]) -> dict[str, Any]:
    """What is sent for some calls: one resource for each app's environment and deploy."""
    by_resource: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for one in calls:
        by_resource.setdefault((one.app, one.environment, one.deploy), []).append(span(one))
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": attributes(_resource(*which))},
                "scopeSpans": [
                    {"scope": {"name": "greenlane.gateway"}, "spans": spans, "schemaUrl": CONVENTIONS},
                ],
                "schemaUrl": CONVENTIONS,
            }
            for which, spans in by_resource.items()
        ]
    }


def span(call: Call) -> dict[str, Any]:
    """One call. Where its caller sent a ``traceparent``, it stands under that; otherwise it is a trace of its own."""
    trace, parent = _place(call)
    began = parse(call.at)
    ended = began + timedelta(milliseconds=call.ms)
    failed = call.state == "refused" or call.outcome not in ("answered", "left", "late", "")
    operation = _OPERATIONS.get(call.wire, call.wire)
    found: dict[str, Any] = {
        "traceId": trace,
        "spanId": sha256(f"span {call.id}".encode()).hexdigest()[:16],
        "name": f"{operation} {call.asked}",
        "kind": _CLIENT,
        "startTimeUnixNano": _nanoseconds(began.timestamp()),
        "endTimeUnixNano": _nanoseconds(ended.timestamp()),
        "attributes": attributes(_said(call, operation, failed)),
        "status": {"code": _ERROR, "message": call.code or call.outcome} if failed else {},
    }
    return found | ({"parentSpanId": parent} if parent else {})


def place_in_trace(said: str | None) -> tuple[str, str] | None:
    """The trace and the span in it that a ``traceparent`` names; None where it names none."""
    match = _PARENT.fullmatch(said or "")
    return (match[1], match[2]) if match else None


def _place(call: Call) -> tuple[str, str]:
    return place_in_trace(call.begun.get("trace")) or (sha256(f"trace {call.id}".encode()).hexdigest()[:32], "")


def _said(call: Call, operation: str, failed: bool) -> dict[str, Any]:
    usage: Mapping[str, Any] = call.ended.get("usage") or {}
    said: dict[str, Any] = {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": call.provider,
        "gen_ai.request.model": call.asked,
        "gen_ai.response.model": call.model,
        "greenlane.call.id": call.id,
        "greenlane.call.outcome": call.outcome or call.state,
        "greenlane.call.because": call.begun.get("because"),
        "greenlane.key.id": call.key,
        "greenlane.team.id": call.team,
        "greenlane.data.classes": call.begun.get("data") or None,
    }
    if call.state == "settled":
        said |= {
            "gen_ai.usage.input_tokens": call.read,
            "gen_ai.usage.output_tokens": call.written,
            **{name: usage[member] for member, name in _USAGE.items() if usage.get(member)},
            "greenlane.cost.micro_cents": call.micro_cents,
            "greenlane.usage.estimated": bool(call.ended.get("estimated")),
            "http.response.status_code": call.status,
        }
    if failed:
        said["error.type"] = call.code or (str(call.status) if call.status >= 400 else call.outcome)
    return said


def _resource(app: str, environment: str, deploy: str) -> dict[str, Any]:
    return {
        "service.name": app or "greenlane-gateway",
        "service.namespace": "greenlane",
        "deployment.environment.name": environment,
        "service.version": deploy,
    }


def attributes(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Attributes as OTLP's JSON has them; what says nothing is left out."""
    return [{"key": name, "value": _value(value)} for name, value in said.items() if value not in (None, "")]


def _value(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [_value(one) for one in value]}}
    return {"stringValue": str(value)}


def _nanoseconds(seconds: float) -> str:
    return str(round(seconds * 1_000_000) * 1_000)
