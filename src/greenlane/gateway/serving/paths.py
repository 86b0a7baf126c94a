"""What an address under ``/ai/`` asks for: a wire, and what the path itself says of the call.

Base paths are ``/ai/openai/v1``, ``/ai/anthropic`` and ``/ai/gemini``, so that the providers' own libraries work with a base
URL and a key. Facts: the references named in ``wires``; google-genai puts versions v1, v1beta and v1alpha in front.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from greenlane.gateway.serving.refusals import NotLetThrough

Family = Literal["openai", "anthropic", "gemini"]

_POSTED: dict[str, str] = {
    "/ai/openai/v1/chat/completions": "openai-chat",
    "/ai/openai/v1/responses": "openai-responses",
    "/ai/openai/v1/embeddings": "openai-embeddings",
    "/ai/anthropic/v1/messages": "anthropic-messages",
    "/ai/anthropic/v1/messages/count_tokens": "anthropic-count",
}
_METHODS: dict[str, tuple[str, bool, bool]] = {
    "generateContent": ("gemini-generate", False, False),
    "streamGenerateContent": ("gemini-generate", True, False),
    "countTokens": ("gemini-count", False, False),
    "embedContent": ("gemini-embed", False, False),
    "batchEmbedContents": ("gemini-embed", False, True),
}
"""The wire of each of Gemini's methods, whether it streams, and whether it is a batch."""
_GEMINI = re.compile(r"/ai/gemini/(v1|v1beta|v1alpha)/models/([^:]+):([A-Za-z]+)")
_PROVING = frozenset(("key", "access_token", "oauth_token", "bearer_token"))
"""Parameters that prove who asks."""
_FORMING = frozenset(("$alt", "$fields", "$prettyPrint"))
"""Those of Google's own parameters that only form the answer; others choose a method, a key or an account
(https://cloud.google.com/apis/docs/system-parameters).
"""
_LISTED = re.compile(r"/ai/(openai/v1|anthropic/v1|gemini/(?:v1|v1beta|v1alpha))/models(?:/([^:]+))?")
_USUAL: dict[str, str] = {"openai": "openai-chat", "anthropic": "anthropic-messages", "gemini": "gemini-generate"}


@dataclass(frozen=True, slots=True)
class Way:
    """A call on a wire. ``model`` and ``stream`` are what the path says; ``version`` is Gemini's, for the provider."""

    wire: str
    model: str = ""
    stream: bool = False
    array: bool = False
    batch: bool = False
    version: str = ""
    query: str = ""


TRACING = "/ai/otlp/"
"""How paths begin that are about spans of apps, and about no model."""


@dataclass(frozen=True, slots=True)
class Spans:
    """Spans of an app come in."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A question for the models that there are, or for one of them."""

    family: str
    model: str = ""


def family_of(path: str) -> str:
    """Whose library asks, by the path alone; OpenAI's where nobody can say."""
    name = path.removeprefix("/ai/").partition("/")[0]
    return name if name in _USUAL else "openai"


def wire_of(path: str) -> str:
    """A wire on which that library reads a refusal."""
    return _POSTED.get(path) or _USUAL[family_of(path)]


def found(method: bytes, path: bytes, query: bytes) -> Way | Listing | Spans:
    """What is asked for. Raises ``NotLetThrough``; ``query`` comes back without what does not go on."""
    text = path.decode("ascii")
    asked = _passed(query.decode("ascii")) if query else ""
    wire = _POSTED.get(text)
    if wire is not None:
        if method != b"POST":
            raise _method(method, text)
        return Way(wire, query=asked)
    match = _GEMINI.fullmatch(text)
    if match is not None and match[3] in _METHODS:
        if method != b"POST":
            raise _method(method, text)
        wire, stream, batch = _METHODS[match[3]]
        array = stream and "alt=sse" not in asked.split("&")
        return Way(wire, unquote(match[2]), stream, array, batch, match[1], asked)
    listed = _LISTED.fullmatch(text)
    if listed is not None and method in (b"GET", b"HEAD"):
        return Listing(listed[1].partition("/")[0], unquote(listed[2] or ""))
    if text.startswith(TRACING):
        return _spans(method, text)
    raise NotLetThrough(
        404,
        "no-such-path",
        f"The model gateway does not know {method.decode('ascii', 'replace')} {text}.",
        next_step="It serves chat completions, responses, embeddings, messages, token counts, content and lists of models.",
    )


def _spans(method: bytes, path: str) -> Spans:
    if path != f"{TRACING}v1/traces":
        raise NotLetThrough(
            404,
            "no-such-path",
            "Of telemetry the model gateway takes traces alone.",
            next_step="Set OTEL_METRICS_EXPORTER and OTEL_LOGS_EXPORTER to none, or send those elsewhere.",
        )
    if method != b"POST":
        raise _method(method, path)
    return Spans()


def _method(method: bytes, path: str) -> NotLetThrough:
    return NotLetThrough(
        405, "wrong-method", f"{path} is called with POST, not with {method.decode('ascii', 'replace')}."
    )


def _passed(query: str) -> str:
    """What of a query goes on: all but keys, and parameters that stand for a field of the head that does not pass either."""
    return "&".join(one for one in query.split("&") if one and _goes_on(unquote(one.partition("=")[0])))


def _goes_on(name: str) -> bool:
    return name in _FORMING if name.startswith("$") else name not in _PROVING
