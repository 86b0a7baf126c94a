"""The list of models, as each of the three libraries reads it: aliases first, then what else a caller may name.

Of the provider that usually serves a library's wire, that is every model with a price today.

Facts: https://platform.openai.com/docs/api-reference/models, https://docs.anthropic.com/en/api/models-list,
https://ai.google.dev/api/models.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from greenlane.gateway import routes
from greenlane.gateway.serving.paths import Listing
from greenlane.gateway.serving.refusals import NotLetThrough
from greenlane.gateway.serving.standing import Key, Standing

_WIRES = {"openai": "openai-chat", "anthropic": "anthropic-messages", "gemini": "gemini-generate"}


def answer(listing: Listing, key: Key, standing: Standing, now: datetime) -> bytes:
    """The body of the answer, ``now`` (aware). Raises ``NotLetThrough`` for a model that this key cannot ask for."""
    if listing.model:
        name = listing.model
        if not _served(name, listing.family, key, standing):
            raise NotLetThrough(404, "model-not-found", f"There is no model {name} here.", field="model")
        return orjson.dumps(_one(listing.family, name))
    names = [name for name in _names(standing, listing.family, now) if _served(name, listing.family, key, standing)]
    each = [_one(listing.family, name) for name in names]
    if listing.family == "gemini":
        return orjson.dumps({"models": each})
    if listing.family == "anthropic":
        ends = {"first_id": names[0] if names else None, "last_id": names[-1] if names else None}
        return orjson.dumps({"data": each, "has_more": False, **ends})
    return orjson.dumps({"object": "list", "data": each})


def _names(standing: Standing, family: str, now: datetime) -> list[str]:
    """Aliases, then the models that they lead to, those that somebody is allowed by name, and the usual provider's own."""
    found: dict[str, None] = dict.fromkeys(standing.section("routes"))
    for route in standing.routing.routes.values():
        found.update(dict.fromkeys(one.model for one in (*route.targets, *route.otherwise)))
    for patterns in standing.routing.allowed.values():
        found.update(dict.fromkeys(one for one in patterns if not set(one) & set("*?[/")))
    usual = standing.routing.usual.get(family)
    if usual is not None and usual in standing.providers:
        whose = dict.fromkeys((usual, standing.providers[usual].prices))
        found.update(dict.fromkeys(name for one in whose if one for name in standing.prices.names(one, now)))
    return list(found)


def _served(name: str, family: str, key: Key, standing: Standing) -> bool:
    call = routes.Call("list", _WIRES[family], name, key.chain)
    return bool(routes.candidates(call, standing.routing).candidates)


def _one(family: str, name: str) -> dict[str, Any]:
    if family == "gemini":
        embeds = "embedding" in name
        methods = ["embedContent", "batchEmbedContents"] if embeds else ["generateContent", "streamGenerateContent"]
        methods.append("countTokens")
        return {"name": f"models/{name}", "displayName": name, "supportedGenerationMethods": methods}
    if family == "anthropic":
        return {"type": "model", "id": name, "display_name": name, "created_at": "1970-01-01T00:00:00Z"}
    return {"id": name, "object": "model", "created": 0, "owned_by": "greenlane"}
