"""The console and the API: everything for their host goes to control, and comes back, piece by piece."""

from __future__ import annotations

from greenlane.edge.forwarded import Proxies, forward
from greenlane.edge.pages import say
from greenlane.kit.wire.exchange import Exchange
from greenlane.kit.wire.reply import Headers
from greenlane.kit.wire.upstream import Away, Upstream

_SOON = ((b"Retry-After", b"2"),)


class Console:
    """Relays to control, and says so when it is away."""

    def __init__(self, upstream: Upstream, proxies: Proxies) -> None:
        self._upstream = upstream
        self._proxies = proxies

    async def relay(self, exchange: Exchange, marks: Headers) -> None:
        """Answer one request for the console's host. ``marks`` are fields that go on every answer."""
        headers = forward(exchange.request.headers, self._proxies.client(exchange), to_judge=True)
        try:
            upgrade = exchange.request.fields[b"upgrade"] if exchange.request.upgrade else b""
            await self._upstream.relay(exchange, headers, lambda _status, fields: [*fields, *marks], upgrade=upgrade)
        except Away:
            exchange.close = exchange.close or exchange.body is not None
            exchange.reply(
                say(
                    exchange.request,
                    503,
                    "The console is away for a moment",
                    "Nothing was changed by this request. Published apps keep working.",
                    next_step="Please try again shortly.",
                    code="unavailable",
                    headers=[*marks, *_SOON],
                )
            )
