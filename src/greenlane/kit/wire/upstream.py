"""Relaying an exchange to one HTTP/1.1 server behind a unix socket, with back-pressure both ways.

Bodies pass piece by piece; idle connections are kept for requests that may safely be sent twice. A change of protocol
(a websocket) becomes a tunnel of bytes. The server behind is not believed: what is no answer is never passed on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from greenlane.kit.wire.answer import Answer, Unreadable
from greenlane.kit.wire.exchange import Exchange, Gone
from greenlane.kit.wire.link import Link, Unreached
from greenlane.kit.wire.reply import Headers, field_lines
from greenlane.kit.wire.request import Malformed

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
_HELD = 0.05
"""Seconds that what has come of a short answer waits for its end. A server that falls meanwhile has sent the peer nothing,
so that what only asks may be asked again. Most servers write the head and the body apart.
"""
_SHORT = 64 * 1024
"""Bytes of a body that is held at most."""

Rewrite = Callable[[int, list[tuple[bytes, bytes]]], Headers]
"""Makes the fields of an answer that go to the peer, from its status and the fields that end to end belong to it."""


class Away(Exception):
    """The server behind did not answer; nothing was sent to the peer."""


class Unsent(Away):
    """Nor was anything sent to the server: the request may be made again, whatever it is."""


class Silent(Away):
    """It had not answered when its time was over."""


class Broken(Away):
    """What it said is no answer."""


@dataclass(frozen=True, slots=True)
class Measure:
    """How long a server is waited for (seconds), and how much it may say (bytes)."""

    answer: float = 120.0
    """From the last byte of the request to the head of the answer."""
    silence: float | None = None
    """Between two pieces of the answer."""
    whole: float | None = None
    """A whole answer, tunnels apart."""
    head: int = 64 * 1024
    fields: int = 200
    body: int | None = None
    """The body of a request: 413. None where the listener's own limit is enough."""


def end_to_end(headers: Headers) -> list[tuple[bytes, bytes]]:
    """The fields that go on to the next hop: without those about this connection, also those that it names itself."""
    named = {
        token.strip().lower() for name, value in headers if name.lower() == b"connection" for token in value.split(b",")
    }
    return [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP and name.lower() not in named]


class Upstream:
    """The server behind ``path``. ``kept`` idle connections are reused for ``idle`` seconds."""

    def __init__(self, path: Path, *, kept: int = 32, idle: float = 3.0, measure: Measure | None = None) -> None:
        self.path = path
        self._kept = kept
        self._idle = idle
        self._measure = measure or Measure()
        self._links: list[Link] = []

    async def relay(
        self, exchange: Exchange, headers: Headers, rewrite: Rewrite, *, target: bytes = b"", upgrade: bytes = b""
    ) -> None:
        """Send the exchange's request with these fields (those that end to end belong to it) and pass the answer on.

        ``target`` stands in for the request's own; ``upgrade`` is the protocol to change to, where that is wanted.

        Raises ``Away`` when the server did not answer, ``Gone`` when either side left in the middle, ``Malformed``
        when the request's body was wrong.
        """
        request = exchange.request
        limit = self._measure.body
        if limit is not None and request.length is not None and request.length > limit:
            raise Malformed(413, f"The body is larger than {limit} bytes.")
        passing = _Passing(exchange, self._measure, rewrite, upgrade)
        head = passing.head(headers, target or request.target)
        if exchange.repeatable and not upgrade:
            try:
                async with self._link(fresh=False) as link:
                    await passing.through(link, head)
                    return
            except (Silent, Broken):
                raise
            except Away:
                if exchange.started:
                    raise Gone from None
        async with self._link(fresh=True) as link:
            await passing.through(link, head)

    def close(self) -> None:
        """Let go of the idle connections."""
        for link in self._links:
            link.close()
        self._links.clear()

    @property
    def idle(self) -> int:
        """How many connections wait for a request."""
        return len(self._links)

    @asynccontextmanager
    async def _link(self, *, fresh: bool) -> AsyncIterator[Link]:
        link = None if fresh else self._idle_link()
        if link is None:
            try:
                link = await Link.to(self.path)
            except Unreached as error:
                raise Unsent(str(error)) from error
        link.take_up()
        try:
            yield link
        finally:
            if link.reusable and link.usable and len(self._links) < self._kept:
                link.rest()
                self._links.append(link)
            else:
                link.close()

    def _idle_link(self) -> Link | None:
        while self._links:
            link = self._links.pop()
            if link.usable and monotonic() - link.since < self._idle:
                return link
            link.close()
        return None


class _Passing:
    """One exchange on its way through a link and back."""

    def __init__(self, exchange: Exchange, measure: Measure, rewrite: Rewrite, upgrade: bytes) -> None:
        self._exchange = exchange
        self._measure = measure
        self._rewrite = rewrite
        self._upgrade = upgrade
        self._sent = exchange.body is None
        """The server has all of the request."""
        self._patience: asyncio.Timeout | None = None

    def head(self, headers: Headers, target: bytes) -> bytes:
        request = self._exchange.request
        framing = b""
        if self._upgrade:
            framing = b"Connection: Upgrade\r\nUpgrade: %b\r\n" % self._upgrade
        elif request.length is None:
            framing = b"Transfer-Encoding: chunked\r\n"
        elif b"content-length" in request.fields:
            framing = b"Content-Length: %d\r\n" % request.length
        return b"%b %b HTTP/1.1\r\n%b%b\r\n" % (request.method, target, field_lines(end_to_end(headers)), framing)

    async def through(self, link: Link, head: bytes) -> None:
        link.write(head)
        if self._exchange.body is None or self._upgrade:
            await self._answer(link)
        else:
            await _both(self._send_body(link), self._answer(link))

    async def _send_body(self, link: Link) -> None:
        """Pass the request's body on. A server that stops listening may still answer, so that is no error here."""
        exchange, limit, size = self._exchange, self._measure.body, 0
        chunked = exchange.request.length is None
        try:
            while data := await exchange.read():
                size += len(data)
                if limit is not None and size > limit:
                    raise Malformed(413, f"The body is larger than {limit} bytes.")
                await link.send(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
                self._wait_anew()
            if chunked:
                await link.send(b"0\r\n\r\n")
            self._sent = True
        except OSError:
            return

    def _wait_anew(self) -> None:
        """The time for an answer begins with the last byte of the request."""
        if self._patience is not None and not self._exchange.started:
            self._patience.reschedule(asyncio.get_running_loop().time() + self._measure.answer)

    async def _answer(self, link: Link) -> None:
        """Pass the answer on."""
        exchange, measure = self._exchange, self._measure
        answer = Answer(
            bare=exchange.request.method == b"HEAD",
            changing=bool(self._upgrade),
            head=measure.head,
            fields=measure.fields,
        )
        try:
            async with asyncio.timeout(measure.answer) as self._patience:
                while not answer.has_head:
                    data = await link.read()
                    if not data:
                        raise Away("The connection closed without an answer.")
                    answer.feed(data)
                self._patience.reschedule(None)
        except TimeoutError as error:
            raise Silent(f"No answer within {measure.answer:g} seconds.") from error
        except Unreadable as error:
            raise Broken(str(error)) from error
        if answer.status == 101:
            await self._tunnel(link, answer)
            return
        if exchange.repeatable and _may_be_short(answer):
            await self._hold(link, answer)
        self._start(answer)
        try:
            async with asyncio.timeout(measure.whole):
                await self._rest(link, answer)
        except (TimeoutError, Unreadable) as error:
            raise Gone from error
        exchange.end()
        link.reusable = self._sent and answer.keeps_open

    async def _hold(self, link: Link, answer: Answer) -> None:
        """Wait a moment for the whole of a short answer. Raises ``Away`` when the server falls meanwhile."""
        try:
            async with asyncio.timeout(_HELD):
                while not answer.complete and sum(map(len, answer.pieces)) <= _SHORT:
                    data = await link.read()
                    if not data and answer.ends_by_closing:
                        return
                    if not data:
                        raise Away("The connection closed in the middle of an answer.")
                    answer.feed(data)
        except TimeoutError:
            return
        except Unreadable as error:
            raise Broken(str(error)) from error

    def _start(self, answer: Answer) -> None:
        headers = self._rewrite(answer.status, end_to_end(answer.headers))
        dated = any(name.lower() == b"date" for name, _ in headers)
        self._exchange.start(answer.status, headers, answer.length, dated=dated)

    async def _rest(self, link: Link, answer: Answer) -> None:
        """The body, piece by piece. Raises ``Gone`` when it breaks off."""
        while True:
            pieces, answer.pieces = answer.pieces, []
            for piece in pieces:
                await self._exchange.send(piece)
            if answer.complete:
                return
            async with asyncio.timeout(self._measure.silence):
                data = await link.read()
            if not data:
                if answer.ends_by_closing:
                    return
                raise Gone
            answer.feed(data)

    async def _tunnel(self, link: Link, answer: Answer) -> None:
        """The server has changed its protocol: bytes pass until either side is through."""
        exchange = self._exchange
        granted = answer.field(b"upgrade") or b""
        if granted.lower() != self._upgrade.lower():
            raise Broken("It changed to a protocol that nobody had asked for.")
        fields = self._rewrite(101, end_to_end(answer.headers))
        head = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %b\r\n" % granted
        exchange.tunnel(head + field_lines(fields) + b"\r\n")
        if answer.rest:
            await exchange.send(answer.rest)
        await _either(self._up(link), self._down(link))
        exchange.end()

    async def _up(self, link: Link) -> None:
        while data := await self._exchange.read():
            await link.send(data)

    async def _down(self, link: Link) -> None:
        while data := await link.read():
            await self._exchange.send(data)


def _may_be_short(answer: Answer) -> bool:
    """Events are told as they come, and what says that it is long need not be waited for."""
    events = (answer.field(b"content-type") or b"").lower().startswith(b"text/event-stream")
    return not events and (answer.length is None or answer.length <= _SHORT)


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
