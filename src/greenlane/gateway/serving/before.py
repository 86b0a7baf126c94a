"""What whoever stands before the gateway says in its place, when a call does not get there: as the caller's library reads it."""

from __future__ import annotations

from greenlane.gateway.app_spans import answering
from greenlane.gateway.serving.paths import TRACING, wire_of
from greenlane.gateway.wires.refusing import headers, refusal
from greenlane.kit.wire.reply import Headers


def before_the_gateway(
    path: str, status: int, code: str, message: str, retry_after: int | None = None
) -> tuple[Headers, bytes]:
    """Fields and body of a refusal. The wire is told by the path, also by one that does not begin as ours do.

    ``retry_after`` are seconds after which trying again may help; without them libraries are told not to.
    """
    if path.startswith(TRACING):
        again = [] if retry_after is None else [(b"Retry-After", b"%d" % retry_after)]
        body = answering.refused(answering.PROTOBUF, status, message)
        return [(b"Content-Type", answering.PROTOBUF), *again], body
    return headers(retry_after), refusal(_wire(path), status, code, message)


def _wire(path: str) -> str:
    """The wire of a path; where it lacks its beginning, such as with a base address that is wrong, by how it ends."""
    if path.startswith("/ai/"):
        return wire_of(path)
    if "/v1beta" in path or "/v1alpha" in path or ":" in path:
        return wire_of("/ai/gemini")
    return wire_of("/ai/anthropic" if "/messages" in path else "/ai/openai")
