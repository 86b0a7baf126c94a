"""One request and its answer, for handlers that need time: the body piece by piece, the answer piece by piece."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from greenlane.kit.wire.body import Body, Endless
from greenlane.kit.wire.reply import Headers, Reply, date_line, field_lines, status_line
from greenlane.kit.wire.request import Request

_BODILESS = frozenset({204, 304})
_SAFE = frozenset({b"GET", b"HEAD", b"OPTIONS"})
"""Methods that ask and change nothing (RFC 9110, 9.2.1), with TRACE, which nobody sends."""


class Gone(Exception):
    """The peer went away before the exchange was over."""


class Line(Protocol):
    """What an exchange needs of its connection."""

    def write(self, data: bytes) -> None:
        """Queue bytes for the peer."""
        ...

    def later(self, data: bytes) -> None:
        """Queue a whole answer, to leave together with those of others."""
        ...

    @property
    def full(self) -> bool:
        """More is queued than the peer should be sent before it has caught up."""
        ...

    async def room(self) -> None:
        """Wait until the peer has taken enough of what was queued. Raises ``Gone``."""
        ...

    def want_more(self) -> None:
        """The handler has emptied its buffer: go on reading from the peer."""
        ...


class Exchange:
    """Read with ``read``; answer with ``reply``, or with ``start``, ``send`` and ``end``; or take over with ``tunnel``.

    ``peer`` is the address of the other end of the socket, ``secure`` whether it came over TLS.
    """

    def __init__(
        self, line: Line, request: Request, body: Body | None, *, peer: str, secure: bool, close: bool
    ) -> None:
        self.request = request
        self.peer = peer
        self.secure = secure
        self.body = body
        self.close = close
        """The connection ends after this answer."""
        self.left = False
        """The peer sends nothing more. Whoever only reads a stream does that when they leave, unless ``hears_on``."""
        self.hears_on = False
        """Set by a handler whose streams end by themselves: a peer that sends nothing more gets them to their end."""
        self.started = False
        self.ended = False
        self.waiting_size = 0
        self._line = line
        self._chunks: deque[bytes] = deque()
        self._arrival: asyncio.Future[None] | None = None
        self._fault: Exception | None = None
        self._chunked = False
        self._silent = False
        self._continue = b"expect" in request.fields and request.modern

    # The connection feeds these.

    def feed(self, data: bytes) -> None:
        """Some of the body arrived, or its end."""
        if data:
            self._continue = False
            self._chunks.append(data)
            self.waiting_size += len(data)
        if self._arrival is not None and (data or self.body is None or self.body.complete):
            self._wake()

    def fail(self, fault: Exception) -> None:
        """The rest of the body will not arrive."""
        self._fault = fault
        self._wake()

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    # The handler uses these.

    @property
    def unasked(self) -> bool:
        """The peer waits for a sign before it sends the body, and has not been given one."""
        return self._continue

    @property
    def repeatable(self) -> bool:
        """It asks and changes nothing, so that it may be asked again."""
        return self.body is None and self.request.method in _SAFE

    @property
    def over(self) -> bool:
        """A peer that sends nothing more is not waited for: it would read a stream that may never end."""
        return self._chunked and not self.hears_on

    async def read(self) -> bytes:
        """The next piece of the body; empty at its end. Raises ``Malformed`` or ``Gone``."""
        while not self._chunks:
            if self._fault is not None:
                raise self._fault
            if self.body is None or self.body.complete:
                return b""
            if self._continue:
                self._continue = False
                self._line.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._arrival = asyncio.get_running_loop().create_future()
            self._line.want_more()
            await self._arrival
        data = self._chunks.popleft()
        self.waiting_size -= len(data)
        if not self._chunks:
            self._line.want_more()
        return data

    async def whole(self) -> bytes:
        """The whole body. Raises ``Malformed`` or ``Gone``."""
        pieces = [await self.read()]
        while pieces[-1] and (self._chunks or self.body is None or not self.body.complete):
            pieces.append(await self.read())
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def reply(self, answer: Reply) -> None:
        """Answer with a finished answer."""
        self.started = self.ended = True
        for part in answer.parts(bare=self.request.method == b"HEAD", close=self.close):
            self._line.write(part)

    def say(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer with a finished answer that nobody else gets."""
        self.started = self.ended = True
        length = b"" if status in _BODILESS else b"Content-Length: %d\r\n" % len(body)
        close = b"Connection: close\r\n" if self.close else b""
        head = b"%b%b%b%b%b\r\n" % (status_line(status), date_line(), close, length, field_lines(headers))
        self._line.later(head if self.request.method == b"HEAD" else head + body)

    def start(self, status: int, headers: Headers, length: int | None = None, *, dated: bool = False) -> None:
        """Begin an answer whose body follows with ``send``. ``length`` is its size if known; ``dated``: has a Date.

        Raises ``Gone`` for an answer of unknown length to a peer that has left.
        """
        self.started = True
        self._silent = self.request.method == b"HEAD" or status in _BODILESS
        framing = b""
        if length is not None:
            framing = b"Content-Length: %d\r\n" % length
        elif not self._silent:
            if self.left and not self.hears_on:
                raise Gone
            self._chunked = self.request.modern
            self.close = self.close or not self._chunked
            framing = b"Transfer-Encoding: chunked\r\n" if self._chunked else b""
        if self.close:
            framing += b"Connection: close\r\n"
        date = b"" if dated else date_line()
        self._line.write(status_line(status) + date + framing + field_lines(headers) + b"\r\n")

    async def send(self, data: bytes) -> None:
        """Send a piece of the body and wait until the peer has room for more. Raises ``Gone``."""
        if not self.put(data):
            await self._line.room()

    def put(self, data: bytes) -> bool:
        """Send a piece of the body. False: wait for ``room`` before the next. Raises ``Gone``."""
        if data and not self._silent:
            self._line.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
        return not self._line.full

    async def room(self) -> None:
        """Wait until the peer has room for more. Raises ``Gone``."""
        await self._line.room()

    def end(self) -> None:
        """The answer is complete."""
        if self._chunked:
            self._line.write(b"0\r\n\r\n")
        self.ended = True

    def tunnel(self, head: bytes) -> None:
        """Answer with this head, and from now on ``read`` and ``send`` pass bytes as they are until one side closes."""
        self.started = self.close = True
        self._chunked = self._silent = False
        self.body = Endless()
        self._line.write(head)
        self._line.want_more()
