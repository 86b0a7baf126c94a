"""Spans of apps as they go on to the collector: what is kept of them, and whose they are, in OTLP's JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from greenlane.gateway.app_spans.keeping import Message, span_of
from greenlane.gateway.tracing.spans import attributes

_ERROR = 2


def resource_spans(found: Iterable[Message]) -> list[dict[str, Any]]:
    """``resourceSpans`` for these messages: one for each message and resource."""
    told: list[dict[str, Any]] = []
    for message in found:
        by_resource: dict[tuple[tuple[str, Any], ...], list[dict[str, Any]]] = {}
        for said in message["spans"]:
            by_resource.setdefault(tuple(sorted(said["resource"].items())), []).append(_span(said))
        told += [
            {
                "resource": {"attributes": attributes({**dict(resource), **_whose(message["who"])})},
                "scopeSpans": [{"scope": {"name": "greenlane.apps"}, "spans": spans}],
            }
            for resource, spans in by_resource.items()
        ]
    return told


def _whose(who: Mapping[str, Any]) -> dict[str, Any]:
    """What the key says comes last, so that no app speaks for another one."""
    said = {"greenlane.key.id": who["key"], "greenlane.team.id": who.get("team")}
    if who.get("app"):
        said |= {"service.name": who["app"], "service.namespace": "greenlane"}
        said |= {"deployment.environment.name": who.get("environment"), "service.version": who.get("deploy")}
    return said


def _span(said: Mapping[str, Any]) -> dict[str, Any]:
    one = span_of(said)
    found: dict[str, Any] = {
        "traceId": one.trace,
        "spanId": one.span,
        "name": one.name or "span",
        "kind": one.kind,
        "startTimeUnixNano": str(one.began),
        "endTimeUnixNano": str(one.ended),
        "attributes": attributes(one.attributes),
        "status": {"code": _ERROR} if one.failed else {},
    }
    return found | ({"parentSpanId": one.parent} if one.parent else {})
