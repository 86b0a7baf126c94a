"""The request as the provider gets it, and the fields of its answer as the caller gets them.

What a caller sends passes, but for what proves or names somebody, what only concerns this hop, what would choose somebody
else's account at the provider, and what would make another method or address of the one that was decided about.
"""

from __future__ import annotations

from greenlane.gateway.serving.paths import Way
from greenlane.gateway.serving.planning import Plan
from greenlane.gateway.serving.standing import Credential
from greenlane.gateway.upstream.driver import Asking
from greenlane.gateway.wires.asked import Asked
from greenlane.gateway.wires.rewriting import rewritten
from greenlane.kit.wire.reply import Headers, field_lines
from greenlane.kit.wire.request import Request

_DROPPED = frozenset(
    {
        *(b"authorization", b"x-api-key", b"x-goog-api-key", b"api-key", b"cookie", b"proxy-authorization"),
        *(b"host", b"content-length", b"content-type", b"accept-encoding", b"expect", b"connection", b"keep-alive"),
        *(b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"forwarded", b"via", b"x-real-ip"),
        *(b"origin", b"referer", b"traceparent", b"tracestate", b"baggage", b"true-client-ip", b"cf-connecting-ip"),
        *(b"openai-organization", b"openai-project", b"x-goog-user-project"),
        *(b"x-http-method-override", b"x-http-method", b"x-method-override", b"x-original-url", b"x-rewrite-url"),
    }
)
_DROPPED_PREFIXES = (b"greenlane-", b"x-forwarded-", b"sec-")
_KEPT_IN_TRANSLATION = frozenset({b"user-agent", b"accept-language"})
"""What a provider of another wire can make sense of."""
_KEPT_BACK = frozenset(
    {
        *(b"date", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"te", b"trailer", b"upgrade"),
        *(b"transfer-encoding", b"content-length", b"content-encoding", b"set-cookie", b"alt-svc"),
        *(b"strict-transport-security", b"server", b"via", b"location", b"openai-organization", b"openai-project"),
        *(b"access-control-allow-origin", b"access-control-allow-credentials", b"access-control-expose-headers"),
    }
)
_OF_THIS_BODY = frozenset({b"etag", b"content-md5", b"digest", b"x-goog-hash"})


def passed(request: Request, *, translated: bool) -> bytes:
    """The caller's fields that go to the provider, made once for a head that comes again."""
    known: bytes | None = request.memo.get((passed, translated))
    if known is None:
        known = request.memo[passed, translated] = field_lines(
            [one for one in request.headers if (_in_translation if translated else _goes_on)(one[0])]
        )
    return known


def _in_translation(name: bytes) -> bool:
    return name in _KEPT_IN_TRANSLATION


def _goes_on(name: bytes) -> bool:
    return name not in _DROPPED and not name.startswith(_DROPPED_PREFIXES)


def body_of(plan: Plan, asked: Asked, most: int | None) -> tuple[bytes, bool]:
    """The body for the provider: with its own name for the model, ``most`` as its limit where that is to be said, and the
    usage in a chat's stream. Whether the usage was asked for that the caller had not asked for.
    """
    chat = plan.serving.wire == "openai-chat" and asked.stream
    named = plan.serving.translated or plan.candidate.model == asked.model
    if named and most is None and not chat:
        return plan.body, False
    found = rewritten(
        plan.serving.wire,
        plan.body,
        model=None if named else plan.candidate.model,
        most=most,
        include_usage=chat,
        limit=plan.provider.kind.limit,
    )
    return found.body, "stream_options.include_usage" in found.changed


def written(request: Request, way: Way, asked: Asked, plan: Plan, credential: Credential | None, body: bytes) -> bytes:
    """The whole request, head and body."""
    serving = plan.serving
    memory = (asked.stream, way.array, way.batch, way.version, plan.candidate.model, credential and credential.id)
    head = serving.heads.get(memory) if not way.query else None
    if head is None:
        head = _head(way, asked, plan, credential)
        if not way.query:
            serving.heads[memory] = head
    return b"%b%bContent-Length: %d\r\n\r\n%b" % (
        head,
        passed(request, translated=serving.translated),
        len(body),
        body,
    )


def _head(way: Way, asked: Asked, plan: Plan, credential: Credential | None) -> bytes:
    """The beginning of the request, as far as it is not the caller's own."""
    provider = plan.provider
    asking = Asking(
        plan.serving.wire,
        plan.candidate.model,
        asked.stream,
        way.array and not plan.serving.translated,
        way.batch,
        "" if plan.serving.translated else way.version,
        "" if plan.serving.translated else way.query,
    )
    target = provider.kind.target(provider.origin.base, asking)
    own = provider.kind.headers(credential.secret if credential else "", translated=plan.serving.translated)
    return b"POST %b HTTP/1.1\r\nHost: %b\r\n%bContent-Type: application/json\r\nAccept-Encoding: identity\r\n" % (
        target.encode(),
        provider.origin.authority,
        field_lines(own),
    )


def returned(headers: Headers, *, translated: bool) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """The fields of a provider's answer that go to the caller, its date apart; and its kind of content."""
    kept: list[tuple[bytes, bytes]] = []
    kind, named = b"application/json", b""
    for one in headers:
        small = one[0].lower()
        if small == b"content-type":
            kind = one[1]
        elif small == b"connection":
            named += b"," + one[1]
        elif not (small in _KEPT_BACK or small.startswith(b"greenlane-") or (translated and small in _OF_THIS_BODY)):
            kept.append(one)
    if named:
        only_here = {token.strip() for token in named.lower().split(b",")}
        kept = [one for one in kept if one[0].lower() not in only_here]
    return kept, kind
