"""Saying no so that the caller's own library shows our sentence.

Facts: OpenAI ``{"error": {message, type, param, code}}`` (https://platform.openai.com/docs/guides/error-codes); Anthropic
``{"type": "error", "error": {type, message}}`` with a type for each status (https://docs.anthropic.com/en/api/errors);
Gemini ``google.rpc.Status`` under ``error`` (https://cloud.google.com/apis/design/errors). The libraries of OpenAI and
Anthropic obey ``x-should-retry`` and ``retry-after``.
"""

from __future__ import annotations

from typing import Any

import orjson

_OPENAI_TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    429: "rate_limit_error",
}
_ANTHROPIC_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_GEMINI_STATUS = {
    401: "UNAUTHENTICATED",
    402: "RESOURCE_EXHAUSTED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
    529: "UNAVAILABLE",
}


def refusal(wire: str, status: int, code: str, message: str, next_step: str = "", *, field: str = "") -> bytes:
    """The body of an answer that refuses: what happened, what to do next, and our stable code for it."""
    return orjson.dumps(_said(wire, status, code, f"{message} {next_step}".strip(), field))


def headers(retry_after: int | None = None) -> tuple[tuple[bytes, bytes], ...]:
    """The headers beside it. Without seconds after which trying again may help, libraries are told not to."""
    kind = (b"content-type", b"application/json")
    if retry_after is None:
        return kind, (b"x-should-retry", b"false")
    return kind, (b"x-should-retry", b"true"), (b"retry-after", b"%d" % retry_after)


def breaking_off(
    wire: str,
    status: int,
    code: str,
    message: str,
    next_step: str = "",
    *,
    array: bool = False,
    first: bool = False,
    number: int = 0,
) -> bytes:
    """The last bytes of a stream that cannot go on.

    For Gemini's JSON array ``first`` says that nothing was sent before; ``number`` is that of the event where events of
    responses are numbered.
    """
    said = _said(wire, status, code, f"{message} {next_step}".strip(), "")
    if wire == "openai-responses":
        told = said["error"]
        said = {"type": "error", "sequence_number": number, "code": code, "message": told["message"], "param": None}
        said["error"] = told  # the reference has it flat, and the libraries raise what stands here
    body = orjson.dumps(said)
    if array:
        return (b"[" if first else b",\r\n") + body + b"]"
    event = b"event: error\n" if wire in ("anthropic-messages", "openai-responses") else b""
    return event + b"data: " + body + b"\n\n"


def _said(wire: str, status: int, code: str, message: str, field: str) -> dict[str, Any]:
    if wire.startswith("anthropic"):
        usual = "api_error" if status >= 500 else "invalid_request_error"
        return {
            "type": "error",
            "error": {"type": _ANTHROPIC_TYPES.get(status, usual), "message": message, "code": code},
        }
    if wire.startswith("gemini"):
        usual = "INTERNAL" if status >= 500 else "INVALID_ARGUMENT"
        reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": code.upper().replace("-", "_")}
        said = {"code": status, "message": message, "status": _GEMINI_STATUS.get(status, usual), "details": [reason]}
        return {"error": said}
    usual = "server_error" if status >= 500 else "invalid_request_error"
    kind = _OPENAI_TYPES.get(status, usual)
    return {"error": {"message": message, "type": kind, "param": field or None, "code": code}}
