"""Relaying an exchange to one HTTP/1.1 server behind a unix socket, with back-pressure both ways.

Bodies pass piece by piece; idle connections are kept for requests that may safely be sent twice. A change of protocol
(a websocket) becomes a tunnel of bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from greenlane.kit.wire.exchange import Exchange, Gone
from greenlane.kit.wire.reply import Headers, field_lines

_PIECE = 64 * 1024
_HEAD = 64 * 1024
_SAFE = frozenset({b"GET", b"HEAD", b"OPTIONS"})
_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"expect",
        b"content-length",
    }
)
"""Fields about one connection (RFC 9110, 7.6.1), and those that the relay writes itself."""


class Away(Exception):
    """The server behind did not answer; nothing was sent to the peer."""


class _Response:
    """Collects what httptools reads of an answer."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.pieces: list[bytes] = []
        self.has_head = False
        self.complete = False

    def on_message_begin(self) -> None:
        self.headers = []
        self.has_head = self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.has_head = True

    def on_body(self, data: bytes) -> None:
        self.pieces.append(data)

    def on_message_complete(self) -> None:
        self.complete = True

    def field(self, wanted: bytes) -> bytes | None:
        return next((value for name, value in self.headers if name.lower() == wanted), None)


class _Link:
    """One connection to the server behind."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.since = monotonic()
        self.reusable = False


def end_to_end(headers: Headers) -> list[tuple[bytes, bytes]]:
    """The fields that go on to the next hop: without those about this connection, also those that it names itself."""
    named = {
        token.strip().lower() for name, value in headers if name.lower() == b"connection" for token in value.split(b",")
    }
    return [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP and name.lower() not in named]


class Upstream:
    """The server behind ``path``. ``kept`` idle connections are reused for ``idle`` seconds.

    ``patience`` is how long the head of an answer may take, in seconds.
    """

    def __init__(self, path: Path, *, kept: int = 32, idle: float = 3.0, patience: float = 120.0) -> None:
        self._path = str(path)
        self._kept = kept
        self._idle = idle
        self._patience = patience
        self._links: list[_Link] = []

    async def relay(self, exchange: Exchange, headers: Headers, added: Headers = ()) -> None:
        """Send the exchange's request with these fields (those that end to end belong to it) and pass the answer on.

        ``added`` are fields that go on the answer beside its own.

        Raises ``Away`` when the server did not answer, ``Gone`` when either side left in the middle, ``Malformed``
        when the request's body was wrong.
        """
        fresh = exchange.body is not None or exchange.request.method not in _SAFE or exchange.request.upgrade
        if not fresh:
            try:
                async with self._link(fresh=False) as link:
                    await self._pass(exchange, headers, link, added)
                    return
            except Away:
                if exchange.started:
                    raise Gone from None
        async with self._link(fresh=True) as link:
            await self._pass(exchange, headers, link, added)

    def close(self) -> None:
        """Let go of the idle connections."""
        for link in self._links:
            link.writer.close()
        self._links.clear()

    @asynccontextmanager
    async def _link(self, *, fresh: bool) -> AsyncIterator[_Link]:
        link = None if fresh else self._idle_link()
        if link is None:
            try:
                async with asyncio.timeout(5):
                    link = _Link(*await asyncio.open_unix_connection(self._path, limit=_HEAD))
            except (OSError, TimeoutError) as error:
                raise Away(str(error)) from error
        link.reusable = False
        try:
            yield link
        finally:
            if link.reusable and len(self._links) < self._kept:
                link.since = monotonic()
                self._links.append(link)
            else:
                link.writer.close()

    def _idle_link(self) -> _Link | None:
        while self._links:
            link = self._links.pop()
            if monotonic() - link.since < self._idle and not link.reader.at_eof():
                return link
            link.writer.close()
        return None

    async def _pass(self, exchange: Exchange, headers: Headers, link: _Link, added: Headers) -> None:
        request = exchange.request
        framing = b""
        if request.upgrade:
            framing = b"Connection: Upgrade\r\nUpgrade: " + request.fields[b"upgrade"] + b"\r\n"
        elif request.length is None:
            framing = b"Transfer-Encoding: chunked\r\n"
        elif b"content-length" in request.fields:
            framing = b"Content-Length: %d\r\n" % request.length
        head = b"%b %b HTTP/1.1\r\n%b%b\r\n" % (
            request.method,
            request.target,
            field_lines(end_to_end(headers)),
            framing,
        )
        link.writer.write(head)
        if request.upgrade:
            await self._change_protocol(exchange, link, added)
        elif exchange.body is None:
            await self._answer(exchange, link, b"", added)
        else:
            await _both(self._send_body(exchange, link), self._answer(exchange, link, b"", added))

    async def _send_body(self, exchange: Exchange, link: _Link) -> None:
        """Pass the request's body on. A server that stops listening may still answer, so that is no error here."""
        chunked = exchange.request.length is None
        try:
            while data := await exchange.read():
                link.writer.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
                await link.writer.drain()
            if chunked:
                link.writer.write(b"0\r\n\r\n")
                await link.writer.drain()
        except OSError:
            return

    async def _answer(self, exchange: Exchange, link: _Link, data: bytes, added: Headers) -> None:
        """Pass the answer on; ``data`` is what has been read of it already."""
        response = _Response()
        parser = HttpResponseParser(response)
        bodiless = exchange.request.method == b"HEAD"
        async with asyncio.timeout(self._patience) as patience:
            try:
                while not response.complete:
                    data = data or await link.reader.read(_PIECE)
                    if not data:
                        break
                    parser.feed_data(data)
                    data = b""
                    if not response.has_head:
                        continue
                    status = parser.get_status_code()
                    if status < 200:
                        continue
                    if not exchange.started:
                        patience.reschedule(None)
                        _start(exchange, status, response, added)
                    pieces, response.pieces = response.pieces, []
                    for piece in pieces:
                        await exchange.send(piece)
                    if bodiless:
                        response.complete = True
            except (OSError, TimeoutError, HttpParserError, HttpParserUpgrade) as error:
                raise (Gone() if exchange.started else Away(str(error))) from error
        if not exchange.started:
            raise Away("The connection closed without an answer.")
        ends_by_closing = response.field(b"content-length") is None and response.field(b"transfer-encoding") is None
        if not response.complete and not ends_by_closing:
            raise Gone
        exchange.end()
        sent = exchange.body is None or exchange.body.complete
        closes = b"close" in (response.field(b"connection") or b"").lower() or parser.get_http_version() != "1.1"
        link.reusable = response.complete and not bodiless and sent and not closes

    async def _change_protocol(self, exchange: Exchange, link: _Link, added: Headers) -> None:
        try:
            async with asyncio.timeout(self._patience):
                head = await link.reader.readuntil(b"\r\n\r\n")
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise Away(str(error)) from error
        if head.split(b" ", 2)[1:2] != [b"101"]:
            await self._answer(exchange, link, head, added)
            return
        exchange.tunnel(head)
        await _either(self._tunnel_up(exchange, link), self._tunnel_down(exchange, link))
        exchange.end()

    @staticmethod
    async def _tunnel_up(exchange: Exchange, link: _Link) -> None:
        while data := await exchange.read():
            link.writer.write(data)
            await link.writer.drain()

    @staticmethod
    async def _tunnel_down(exchange: Exchange, link: _Link) -> None:
        while data := await link.reader.read(_PIECE):
            await exchange.send(data)


def _start(exchange: Exchange, status: int, response: _Response, added: Headers) -> None:
    length = response.field(b"content-length")
    dated = response.field(b"date") is not None
    headers = [*end_to_end(response.headers), *added]
    exchange.start(status, headers, int(length) if length else None, dated=dated)


async def _both(sending: Coroutine[Any, Any, None], answering: Coroutine[Any, Any, None]) -> None:
    """Run until there is an answer; a fault in sending ends both, an early answer ends the sending."""
    sender, answerer = asyncio.ensure_future(sending), asyncio.ensure_future(answering)
    try:
        await asyncio.wait({sender, answerer}, return_when=asyncio.FIRST_COMPLETED)
        if not answerer.done():
            await sender
        await answerer
    finally:
        await _end(sender, answerer)


async def _either(one: Coroutine[Any, Any, None], other: Coroutine[Any, Any, None]) -> None:
    """Run until one of the two is over, however it ended: a tunnel with one open end is closed."""
    tasks = {asyncio.ensure_future(one), asyncio.ensure_future(other)}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _end(*tasks)


async def _end(*tasks: asyncio.Future[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
