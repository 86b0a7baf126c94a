"""What the wires of OpenAI share: how requests are checked, and what an error looks like."""

from __future__ import annotations

from collections.abc import Iterable

from tests.gateway.provider.mind import Tool
from tests.gateway.provider.prices import MODELS
from tests.gateway.provider.served import Json, dumped
from tests.gateway.provider.tokens import count
from tests.gateway.provider.wrong import Wrong, unknown

SORRY = "The server had an error while processing your request. Sorry about that!"
ERROR = {"error": {"message": SORRY, "type": "server_error", "param": None, "code": None}}
_KINDS = {429: "rate_limit_exceeded", 401: "invalid_request_error", 403: "insufficient_permissions"}


def message(text: str, field: str | None = None, code: str | None = None) -> Wrong:
    """A request that is wrong."""
    return Wrong(400, "invalid_request_error", text, field, code)


def check(body: Json, known: Iterable[str], *needed: str) -> None:
    """The members that the reference has, a model that there is, and what cannot be missing. Raises ``Wrong``."""
    if "model" not in body:
        raise message("you must provide a model parameter")
    if body["model"] not in MODELS or MODELS[body["model"]].family != "openai":
        what = f"The model `{body['model']}` does not exist or you do not have access to it."
        raise Wrong(404, "invalid_request_error", what, None, "model_not_found")
    if (name := unknown(body, known)) is not None:
        raise message(f"Unrecognized request argument supplied: {name}")
    for name in needed:
        if name not in body:
            raise message(f"Missing required parameter: '{name}'.", name, "missing_required_parameter")


def function(said: Json, parts: list[tuple[str, int, str]], *, free: bool) -> Tool:
    """A tool on offer, counted among what is read."""
    schema = None if free else said.get("parameters") or {"type": "object", "properties": {}}
    text = f"{said['name']} {said.get('description') or ''} {schema or ''}"
    parts.append((text, count(text), ""))
    return Tool(said["name"], schema)


def refusal(wrong: Wrong) -> bytes:
    """An error's body."""
    said = {"message": wrong.message, "type": wrong.kind, "param": wrong.field, "code": wrong.code}
    return dumped({"error": said})


def of_status(status: int) -> Wrong:
    """What a fault with a status says."""
    text = {
        401: "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.",
        403: "You have insufficient permissions for this operation.",
        429: "Rate limit reached for gpt-5.1 in organization org-standin on tokens per min (TPM).",
    }.get(status, SORRY)
    code = {401: "invalid_api_key", 429: "rate_limit_exceeded"}.get(status)
    return Wrong(status, _KINDS.get(status, "server_error"), text, None, code)
