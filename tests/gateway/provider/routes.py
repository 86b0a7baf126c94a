"""Which interface a path belongs to, and the lists of models."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.gateway.provider.http import Request
from tests.gateway.provider.prices import MODELS, Family
from tests.gateway.provider.served import Json

_PATHS: tuple[tuple[str, Family, str], ...] = (
    (r"(?:/openai/deployments/(?P<model>[^/]+)|/(?:api/|openai/)?v1)/chat/completions", "openai", "openai-chat"),
    (r"/(?:api/|openai/)?v1/responses", "openai", "openai-responses"),
    (r"(?:/openai/deployments/(?P<model>[^/]+)|/(?:api/|openai/)?v1)/embeddings", "openai", "openai-embeddings"),
    (r"/v1/messages", "anthropic", "anthropic-messages"),
    (r"/v1/messages/count_tokens", "anthropic", "anthropic-count"),
    (
        r"/v1(?:beta|alpha)?/models/(?P<model>[^/:]+):(?:generateContent|streamGenerateContent)",
        "gemini",
        "gemini-generate",
    ),
    (r"/v1(?:beta|alpha)?/models/(?P<model>[^/:]+):countTokens", "gemini", "gemini-count"),
    (r"/v1(?:beta|alpha)?/models/(?P<model>[^/:]+):(?:batchEmbedContents|embedContent)", "gemini", "gemini-embed"),
)
_LIST = re.compile(r"/(?:api/|openai/)?(?P<version>v1|v1beta|v1alpha)/models(?:/(?P<model>[^/:]+))?")


@dataclass(frozen=True, slots=True)
class Route:
    """``model`` is the path's, empty where the body names it; ``stream`` that the path asks for one, ``array`` as an array."""

    family: Family
    wire: str
    model: str = ""
    stream: bool = False
    array: bool = False


def route(request: Request) -> Route | None:
    """Where a request belongs; None for nowhere."""
    if request.method == "GET":
        found = _LIST.fullmatch(request.path)
        if found is None:
            return None
        family: Family = "anthropic" if "anthropic-version" in request.headers else "openai"
        google = "x-goog-api-key" in request.headers or "key" in request.query or found["version"] != "v1"
        return Route("gemini" if google else family, "models", found["model"] or "")
    if request.method != "POST":
        return None
    for pattern, family, wire in _PATHS:
        if (found := re.fullmatch(pattern, request.path)) is not None:
            stream = request.path.endswith(":streamGenerateContent")
            array = stream and request.query.get("alt") != "sse"
            return Route(family, wire, found.groupdict().get("model") or "", stream, array)
    return None


def key_of(request: Request) -> str:
    """The credential, wherever it stands."""
    headers = request.headers
    bearer = headers.get("authorization", "").removeprefix("Bearer ")
    named = (headers.get(name) for name in ("x-api-key", "x-goog-api-key", "api-key"))
    return next((one for one in named if one), None) or bearer or request.query.get("key", "")


def listing(way: Route) -> Json:
    """The family's models, or one of them."""
    names = [name for name, model in MODELS.items() if model.family == way.family]
    if way.family == "openai":
        found = [{"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "openai"} for name in names]
        return next((one for one in found if one["id"] == way.model), {"object": "list", "data": found})
    if way.family == "anthropic":
        day = "2025-10-01T00:00:00Z"
        models = [{"type": "model", "id": name, "display_name": name, "created_at": day} for name in names]
        whole = {"data": models, "has_more": False, "first_id": names[0], "last_id": names[-1]}
        return next((one for one in models if one["id"] == way.model), whole)
    offered = [{"name": f"models/{name}", "version": "001", "displayName": name} for name in names]
    return next((one for one in offered if one["name"] == f"models/{way.model}"), {"models": offered})
