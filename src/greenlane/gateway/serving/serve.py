"""What answers each request that comes in: a list of models at once, calls and spans in their time, the rest with a reason."""

from __future__ import annotations

from greenlane.gateway.serving.callers import caller
from greenlane.gateway.serving.calls import Calls
from greenlane.gateway.serving.house import House
from greenlane.gateway.serving.listing import answer
from greenlane.gateway.serving.paths import TRACING, Listing, Spans, found, wire_of
from greenlane.gateway.serving.refusals import NotLetThrough
from greenlane.gateway.serving.taking_spans import TakingSpans, refused
from greenlane.gateway.wires.refusing import headers, refusal
from greenlane.kit.wire.connection import Answer
from greenlane.kit.wire.exchange import Exchange
from greenlane.kit.wire.reply import Reply
from greenlane.kit.wire.request import Request

_JSON = ((b"Content-Type", b"application/json"), (b"Cache-Control", b"no-store"))


class Serve:
    """The handler of a listener. ``sandbox``: the way out of sandboxes alone connects here, and says which it is."""

    def __init__(self, house: House, *, sandbox: bool) -> None:
        self._house = house
        self._calls = Calls(house)
        self._spans = TakingSpans(house)
        self._sandbox = sandbox

    def __call__(self, request: Request, exchange: Exchange) -> Answer:
        """Answer one request."""
        standing = self._house.standing
        try:
            if not standing.known:
                raise _starting()
            key = caller(request, standing, sandbox=self._sandbox)
            asked = request.memo.get(found)
            if asked is None:
                asked = request.memo[found] = found(request.method, request.path, request.query)
            if isinstance(asked, Listing):
                return Reply(200, _JSON, answer(asked, key, standing, self._house.clock.now()))
            if isinstance(asked, Spans):
                return self._spans.serve(exchange, key, sandbox=self._sandbox)
        except NotLetThrough as no:
            return _said(request, no)
        return self._calls.serve(exchange, asked, key, sandbox=self._sandbox)


def _said(request: Request, no: NotLetThrough) -> Reply:
    if request.path.startswith(TRACING.encode()):
        return refused(request, no)
    body = refusal(
        wire_of(request.path.decode("ascii")), no.answer, no.reason, no.message, no.next_step, field=no.field
    )
    return Reply(no.answer, headers(no.retry_after), body)


def _starting() -> NotLetThrough:
    return NotLetThrough(
        503,
        "starting",
        "The model gateway has not heard yet whom it may serve.",
        next_step="Try again in a moment.",
        retry_after=1,
    )
