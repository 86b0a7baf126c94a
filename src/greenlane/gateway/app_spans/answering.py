"""What whoever sent spans is answered, in the encoding in which they sent them.

Facts: https://opentelemetry.io/docs/specs/otlp/#otlphttp-response: ``ExportTraceServiceResponse`` with what was not taken,
``google.rpc.Status`` for a refusal; 429 and 503 are sent again after ``Retry-After``, other refusals never.
"""

from __future__ import annotations

import orjson

from greenlane.gateway.app_spans.protobuf import number, sized

PROTOBUF, JSON = b"application/x-protobuf", b"application/json"
_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 413: 8, 415: 3, 429: 8, 503: 14}
"""``google.rpc.Code`` for each status."""
_UNKNOWN = 2


def taken(encoding: bytes, rejected: int, why: str) -> bytes:
    """The spans were taken, but for so many, and why."""
    if encoding == JSON:
        said = {"partialSuccess": {"rejectedSpans": str(rejected), "errorMessage": why}} if rejected else {}
        return orjson.dumps(said)
    return sized(1, number(1, rejected) + sized(2, why.encode())) if rejected else b""


def refused(encoding: bytes, status: int, message: str) -> bytes:
    """Nothing was taken."""
    code = _CODES.get(status, _UNKNOWN)
    if encoding == JSON:
        return orjson.dumps({"code": code, "message": message})
    return number(1, code) + sized(2, message.encode())
