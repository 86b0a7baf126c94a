"""Calls to models: what comes for the console's host under ``/ai/`` goes to the gateway, and comes back piece by piece."""

from __future__ import annotations

from greenlane.edge.forwarded import Proxies, forward
from greenlane.gateway.serving.before import before_the_gateway
from greenlane.kit.wire.exchange import Exchange
from greenlane.kit.wire.reply import Headers, Reply
from greenlane.kit.wire.upstream import Away, Measure, Upstream

PREFIX = b"/ai/"
"""How the paths of the gateway begin."""

CALL = Measure(answer=900.0, silence=600.0)
"""How long a model is waited for: some think for minutes before they say anything."""


class ModelCalls:
    """Relays to the gateway, and says so when it is away. It judges keys itself; the console's cookies never get there."""

    def __init__(self, upstream: Upstream, proxies: Proxies) -> None:
        self._upstream = upstream
        self._proxies = proxies

    async def relay(self, exchange: Exchange, marks: Headers) -> None:
        """Answer one call. ``marks`` are fields that go on every answer."""
        exchange.hears_on = True
        headers = forward(exchange.request.headers, self._proxies.client(exchange), to_judge=True)
        own = [(name, value) for name, value in headers if name.lower() != b"cookie"]
        try:
            await self._upstream.relay(exchange, own, lambda _status, fields: [*fields, *marks])
        except Away:
            exchange.close = exchange.close or exchange.body is not None
            fields, body = before_the_gateway(exchange.request.path.decode("ascii"), 503, "gateway-away", _SAYS, _AGAIN)
            exchange.reply(Reply(503, [*fields, *marks], body))


_SAYS = "The model gateway is away for a moment. Nothing was charged. Please try again shortly."
_AGAIN = 2
"""Seconds after which trying again may help."""
