"""Messages of OTLP about traces, in Protocol Buffers or JSON, as spans of ours. What is not kept is never read out.

Facts: opentelemetry-proto 1.10, ``trace/v1/trace.proto`` and ``common/v1/common.proto``
(https://opentelemetry.io/docs/specs/otlp/).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson

from greenlane.gateway.app_spans import allowed
from greenlane.gateway.app_spans.allowed import Value
from greenlane.gateway.app_spans.protobuf import fields
from greenlane.gateway.app_spans.span import AppSpan

LARGEST = 8 * 1024 * 1024
"""Bytes of a message, unpacked."""
MOST = 5_000
"""Spans of a message; an exporter sends 512 at once by itself."""
_FAILED = 2
"""``Status.STATUS_CODE_ERROR``."""
_HEX = frozenset("0123456789abcdef")
_MOST_ATTRIBUTES = 128


class TooLarge(ValueError):
    """A message that is larger than ``LARGEST`` once it is unpacked."""


@dataclass(slots=True)
class Read:
    """What a message holds: the spans that are kept, and how many are not, because there is something wrong with them."""

    spans: list[AppSpan] = field(default_factory=list)
    rejected: int = 0

    def add(self, found: AppSpan) -> None:
        """One span more, where it is one and there is room."""
        is_one = _identifies(found.trace, 32) and _identifies(found.span, 16) and 0 < found.began <= found.ended
        if is_one and len(self.spans) < MOST:
            self.spans.append(found)
        else:
            self.rejected += 1


def unpacked(body: bytes) -> bytes:
    """What was packed with gzip. Raises ``TooLarge``, and ValueError for what is no such thing."""
    packed = zlib.decompressobj(wbits=31)
    try:
        found = packed.decompress(body, LARGEST + 1)
    except zlib.error as error:
        raise ValueError("what is packed with gzip does not unpack") from error
    if len(found) > LARGEST:
        raise TooLarge
    if not packed.eof:
        raise ValueError("what is packed with gzip is cut off")
    return found


def read_protobuf(body: bytes) -> Read:
    """``ExportTraceServiceRequest``. Raises ValueError for what is none."""
    found = Read()
    for resource_spans in _messages(memoryview(body), 1):
        resource: dict[str, Value] = {}
        for message in _messages(resource_spans, 1):
            resource = _kept(_pairs(message, 1), allowed.OF_RESOURCES)
        for scope_spans in _messages(resource_spans, 2):
            for span in _messages(scope_spans, 2):
                found.add(_span(span, resource))
    return found


def read_json(body: bytes) -> Read:
    """The same in JSON. Raises ValueError for what is none."""
    found = Read()
    try:
        for resource_spans in orjson.loads(body).get("resourceSpans") or ():
            said = (resource_spans.get("resource") or {}).get("attributes") or ()
            resource = _kept(_json_pairs(said), allowed.OF_RESOURCES)
            for scope_spans in resource_spans.get("scopeSpans") or ():
                for span in scope_spans.get("spans") or ():
                    found.add(_json_span(span, resource))
    except (AttributeError, TypeError, KeyError) as error:
        raise ValueError("what is no message about traces") from error
    return found


def _identifies(text: str, length: int) -> bool:
    return len(text) == length and set(text) <= _HEX and text.strip("0") != ""


def _kept(pairs: Iterable[tuple[str, Callable[[], object]]], names: frozenset[str]) -> dict[str, Value]:
    """Attributes on the list; values of others are not even read."""
    found: dict[str, Value] = {}
    for count, (name, said) in enumerate(pairs):
        if count >= _MOST_ATTRIBUTES:
            break
        if name in names and (value := allowed.value(said())) is not None:
            found[name] = value
    return found


# Protocol Buffers.


def _messages(message: memoryview, number: int) -> Iterable[memoryview]:
    return (value for field, value in fields(message) if field == number and isinstance(value, memoryview))


def _text(value: int | memoryview) -> str:
    return "" if isinstance(value, int) else bytes(value).decode("utf-8")


def _number(value: int | memoryview) -> int:
    return value if isinstance(value, int) else 0


def _identifier(value: int | memoryview) -> str:
    return "" if isinstance(value, int) else value.hex()


def _span(message: memoryview, resource: Mapping[str, Value]) -> AppSpan:
    trace = span = parent = name = ""
    kind = began = ended = status = 0
    for number, value in fields(message):
        match number:
            case 1:
                trace = _identifier(value)
            case 2:
                span = _identifier(value)
            case 4:
                parent = _identifier(value)
            case 5:
                name = allowed.name(_text(value))
            case 6:
                kind = _number(value)
            case 7:
                began = _number(value)
            case 8:
                ended = _number(value)
            case 15 if isinstance(value, memoryview):
                status = next((_number(code) for place, code in fields(value) if place == 3), 0)
    attributes = _kept(_pairs(message, 9), allowed.NAMES)
    failed = status == _FAILED
    return AppSpan(trace, span, _parent(parent), name, kind, began, ended, failed, attributes, resource)


def _parent(said: str) -> str:
    return said if _identifies(said, 16) else ""


def _pairs(message: memoryview, number: int) -> Iterable[tuple[str, Callable[[], object]]]:
    for pair in _messages(message, number):
        name, value = "", memoryview(b"")
        for field_number, found in fields(pair):
            if field_number == 1:
                name = _text(found)
            elif field_number == 2 and isinstance(found, memoryview):
                value = found
        yield name, partial(_any, value)


def _any(message: memoryview) -> object:
    """``AnyValue``: a text, a number, or a list of texts; None for everything else."""
    for number, value in fields(message):
        match number:
            case 1:
                return _text(value)
            case 2:
                return bool(_number(value))
            case 3:
                whole = _number(value)
                return whole - 2**64 if whole >= 2**63 else whole
            case 4:
                return struct.unpack("<d", _number(value).to_bytes(8, "little"))[0]
            case 5 if isinstance(value, memoryview):
                return [_any(one) for one in _texts(value)]
    return None


def _texts(message: memoryview) -> Iterable[memoryview]:
    """The values of a list that are texts themselves: no list of lists is followed."""
    return (one for one in _messages(message, 1) if next((number for number, _ in fields(one)), 0) == 1)


# JSON.


def _json_span(said: Mapping[str, Any], resource: Mapping[str, Value]) -> AppSpan:
    return AppSpan(
        trace=str(said.get("traceId") or "").lower(),
        span=str(said.get("spanId") or "").lower(),
        parent=_parent(str(said.get("parentSpanId") or "").lower()),
        name=allowed.name(str(said.get("name") or "")),
        kind=int(said.get("kind") or 0),
        began=int(said.get("startTimeUnixNano") or 0),
        ended=int(said.get("endTimeUnixNano") or 0),
        failed=(said.get("status") or {}).get("code") == _FAILED,
        attributes=_kept(_json_pairs(said.get("attributes") or ()), allowed.NAMES),
        resource=resource,
    )


def _json_pairs(said: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, Callable[[], object]]]:
    for pair in said:
        value = pair.get("value") or {}
        yield str(pair.get("key") or ""), partial(_json_any, value)


def _json_any(value: Mapping[str, Any]) -> object:
    match value:
        case {"stringValue": str(text)}:
            return text
        case {"boolValue": bool(truth)}:
            return truth
        case {"intValue": number}:
            return int(number)
        case {"doubleValue": number}:
            return float(number)
        case {"arrayValue": {"values": list(several)}}:
            return [text for one in several if isinstance(text := one.get("stringValue"), str)]
    return None
