"""Who calls: the key in a request, and whether it opens anything where it came from."""

from __future__ import annotations

import time
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

import orjson

from greenlane.gateway.serving.refusals import NotLetThrough
from greenlane.gateway.serving.standing import Key, Standing
from greenlane.identity.delegation.issuing import is_one
from greenlane.kit.wire.request import Request

SANDBOX = b"greenlane-sandbox"
"""What the way out of a sandbox says of it: believed on the socket that it alone can open, dropped on every other."""


def caller(request: Request, standing: Standing, *, sandbox: bool, at: float | None = None) -> Key:
    """Whose call it is. Raises ``NotLetThrough``; what it says does not depend on how near a wrong key was.

    ``sandbox``: it came out of one, and says which. ``at`` is when it came, in seconds since 1970, where that was not now:
    a token of an agent is good for calls that begin while it lasts, and its grant for as long as that holds.
    """
    key = standing.key(_digest(request)) or _lent(request, standing, time.time() if at is None else at)
    if key is None or (key.expires is not None and key.expires <= time.time()):
        raise _unknown()
    place = _place(request) if sandbox else None
    if key.deploy is not None:
        if place is None or (place.get("app"), place.get("environment"), place.get("deploy"), place.get("use")) != (
            key.app,
            key.environment,
            key.deploy,
            key.use,
        ):
            raise _elsewhere()
    elif place is not None and key.app != place.get("app"):
        raise _of_somebody_else()
    return key


def _lent(request: Request, standing: Standing, at: float) -> Key | None:
    """As whose key an agent's token counts."""
    token = _secret(request).decode("latin-1")
    return standing.lent(_digest(request), token, at) if is_one(token) else None


def _digest(request: Request) -> str:
    """The digest of the secret in a request, taken once for a head that comes again; empty where there is none."""
    known: str | None = request.memo.get(_digest)
    if known is None:
        secret = _secret(request)
        known = request.memo[_digest] = sha256(secret).hexdigest() if secret else ""
    return known


def _secret(request: Request) -> bytes:
    fields = request.fields
    bearer = fields.get(b"authorization")
    if bearer is not None and bearer[:7].lower() == b"bearer ":
        return bearer[7:].strip()
    for name in (b"x-api-key", b"x-goog-api-key"):
        found = fields.get(name)
        if found is not None:
            return found
    if b"key=" in request.query:
        values = parse_qs(request.query.decode("ascii")).get("key")
        return values[0].encode() if values else b""
    return b""


def _place(request: Request) -> dict[str, Any]:
    try:
        found = orjson.loads(request.fields.get(SANDBOX, b""))
    except orjson.JSONDecodeError:
        found = None
    return found if isinstance(found, dict) else {}


def _unknown() -> NotLetThrough:
    return NotLetThrough(
        401,
        "key-needed",
        "The model gateway does not know this key.",
        next_step="Make one with `greenlane gateway key`, or use the key that the platform gives to an app."
        " An agent exchanges its grant anew.",
    )


def _elsewhere() -> NotLetThrough:
    return NotLetThrough(
        401,
        "key-elsewhere",
        "This key belongs to an app where it runs, and opens nothing here.",
        next_step="Make a key of your own with `greenlane gateway key`.",
    )


def _of_somebody_else() -> NotLetThrough:
    return NotLetThrough(
        403,
        "key-of-somebody-else",
        "This key is not the app's own, so the app cannot use it where it runs.",
        next_step="Use what the platform gives to the app: OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY.",
    )
