"""Requests for background functions: handed to control, which writes them down before the visitor is told so.

Nobody waits for such a function, so what becomes of it must not hang on this connection, nor on this process. Control
away, nothing is promised: the visitor hears that it was not begun.
"""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import orjson

from greenlane.edge import handing
from greenlane.edge.doorstep import SOON
from greenlane.edge.forwarded import Proxies
from greenlane.edge.functions import Chosen
from greenlane.edge.introduction import Introductions
from greenlane.edge.pages import say
from greenlane.edge.table import Host
from greenlane.edge.visits import Visitor
from greenlane.kit.wire.exchange import Exchange
from greenlane.kit.wire.reply import Reply

LARGEST = 256 * 1024
"""Bytes of a body that a background function can be sent, as elsewhere."""
WITHIN = 10.0
"""Seconds that control has to write a request down."""
RUN = b"Greenlane-Run"
"""The field that names the run."""

_AWAY = {
    "refused": "unavailable",
    "status": 503,
    "says": "This cannot be taken in just now, so it was not begun.",
    "next_step": "Send it again in a moment.",
}


class Background:
    """Hands requests in. One for the whole edge."""

    def __init__(self, socket: Path, introductions: Introductions, proxies: Proxies) -> None:
        self._socket = socket
        self._introductions = introductions
        self._proxies = proxies

    async def take_in(self, host: Host, visitor: Visitor, exchange: Exchange, chosen: Chosen) -> None:
        """Answer 202 with the run's id once it is written down."""
        request, client = exchange.request, self._proxies.client(exchange)
        if handing.foreign(host, request, client):
            _refuse(exchange, host, _FOREIGN)
            return
        body = b""
        while data := await exchange.read():
            body += data
            if len(body) > LARGEST:
                exchange.close = True
                _refuse(exchange, host, _TOO_LARGE)
                return
        number = handing.number()
        introduced = self._introductions.of(host, visitor)
        fields = handing.handed_over(host, request, client, introduced=introduced, function=chosen.name, number=number)
        asked = {
            "app": host.app,
            "environment": host.environment,
            "deploy": host.deploy,
            "function": chosen.name,
            "who": visitor.who,
            "method": request.method.decode("ascii"),
            "target": handing.target_of(request).decode("ascii"),
            "fields": [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields],
            "body": base64.b64encode(body).decode("ascii"),
        }
        try:
            async with asyncio.timeout(WITHIN):
                answer = await self._ask(asked)
        except (OSError, ValueError, TimeoutError):
            answer = _AWAY
        if "run" not in answer:
            _refuse(exchange, host, answer)
            return
        run = str(answer["run"])
        marks = [*host.marks, (RUN, run.encode("ascii")), (handing.REQUEST, number)]
        kind = (b"Content-Type", b"application/json")
        exchange.reply(Reply(202, [kind, (b"Cache-Control", b"no-store"), *marks], orjson.dumps({"run": run})))

    async def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        reader, writer = await asyncio.open_unix_connection(str(self._socket))
        try:
            writer.write(orjson.dumps(asked) + b"\n")
            await writer.drain()
            return dict(orjson.loads(await reader.readline()))
        finally:
            writer.close()


_FOREIGN = {
    "refused": "foreign-request",
    "status": 403,
    "says": "A page of another site sent this request in your name. Greenlane passes on only what the app's own pages send.",
    "next_step": "Do it in the app itself.",
}
_TOO_LARGE = {
    "refused": "too-large",
    "status": 413,
    "says": f"A function in the background takes at most {LARGEST // 1024} KiB.",
    "next_step": "Send less, or where it lies.",
}


def _refuse(exchange: Exchange, host: Host, why: dict[str, Any]) -> None:
    status = int(why["status"])
    exchange.reply(
        say(
            exchange.request,
            status,
            "This was not begun",
            str(why["says"]),
            next_step=str(why["next_step"]),
            code=str(why["refused"]),
            headers=[*host.marks, *(SOON if status in (429, 503) else ())],
        )
    )
