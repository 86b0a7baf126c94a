"""One connection: heads in, answers out, in order.

The fast path is the first half of ``data_received``: when nothing else is going on and the bytes that arrived are a
head seen before, the prepared answer is written with four calls. Everything else takes the long way through the buffer.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any, cast

from greenlane.kit.wire.body import Body, Chunked, Sized
from greenlane.kit.wire.exchange import Exchange, Gone
from greenlane.kit.wire.limits import Limits
from greenlane.kit.wire.outgoing import Outgoing, Turn
from greenlane.kit.wire.prepared import Memory, Prepared
from greenlane.kit.wire.reply import Reply, plain
from greenlane.kit.wire.request import Heads, Malformed, Request

Answer = Reply | Prepared | Coroutine[Any, Any, None]
Handler = Callable[[Request, Exchange], Answer]
"""Answers a request at once (``Reply``), at once and for every repetition of its head (``Prepared``), or in time."""

_LOG = logging.getLogger(__name__)
_FAULT = plain(500, "Something went wrong here. It has been noted; please try again.")
_END_OF_HEAD = b"\r\n\r\n"
_TLS_HELLO = b"\x16\x03"
"""How every TLS connection begins: a handshake record (RFC 8446, 5.1)."""
_TLS_ALERT = bytes((0x15, 0x03, 0x03, 0, 2, 2, 70))
"""A fatal alert, protocol_version (RFC 8446, 6.2): browsers say at once that there is no TLS here."""
_LINGER = 2.0
"""Seconds for a peer to read a last answer before the connection is cut (RFC 9112, 9.6)."""


class Connection(asyncio.Protocol):
    """Serves one peer. ``deadline`` (monotonic) is when the listener's sweep calls ``expire``."""

    def __init__(
        self,
        handler: Handler,
        memory: Memory,
        heads: Heads,
        limits: Limits,
        connections: set[Connection],
        turn: Turn,
        *,
        secure: bool,
    ) -> None:
        self.deadline = monotonic() + limits.idle_time
        self._handler = handler
        self._memory = memory
        self._heads = heads
        self._recall = memory.answers.get
        self._limits = limits
        self._idle_time = limits.idle_time
        self._connections = connections
        self._turn = turn
        self._secure = secure
        self._peer = ""
        self._transport: asyncio.Transport
        self._out: Outgoing
        self._write: Callable[[bytes], None]
        """For the fast path alone: what waits for the end of a turn is gone before it opens again."""
        self._buffer = bytearray()
        self._searched = 0
        self._exchange: Exchange | None = None
        self._unread: Body | None = None
        self._full: list[asyncio.Future[None]] | None = None
        self._paused = False
        self._closing = False
        self._draining = False
        self._free = False
        """Nothing buffered, nothing being answered, and the peer reads what is written: the fast path is open."""
        self._task: asyncio.Task[None] | None = None
        self._pace_since: float | None = None
        self._pace_size = 0

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A peer is there."""
        self._transport = cast(asyncio.Transport, transport)
        self._write = self._transport.write
        self._out = Outgoing(self._transport, self._turn)
        if len(self._connections) >= self._limits.connections:
            self._closing = True
            self._out.cut()
            return
        self._connections.add(self)
        address = transport.get_extra_info("peername")
        self._peer = str(address[0]) if address else ""
        self._free = True

    def data_received(self, data: bytes) -> None:
        """Bytes are there."""
        if self._free:
            prepared = self._recall(data)
            if prepared is not None:
                now = monotonic()
                if now < prepared.until or prepared.renew(now):
                    prepared.tally.count += 1
                    self.deadline = now + self._idle_time
                    self._write(prepared.data)
                    return
        if self._closing:
            return
        self._buffer += data
        self._go_on()

    def eof_received(self) -> bool:
        """The peer will send nothing more; it may still wait for its answer, unless that is one without an end."""
        self._out.flush()
        exchange = self._exchange
        if exchange is None or self._closing:
            return False
        body = exchange.body
        if body is not None and not body.complete:
            self._receive_body(exchange, body)  # it may have come with the head, before anybody read it
            if not body.complete:
                exchange.fail(Gone())
        exchange.close = exchange.left = True
        return not (self._secure or exchange.over)

    def connection_lost(self, error: Exception | None) -> None:
        """The peer is gone; so is the interest in its answer."""
        self._connections.discard(self)
        self._closing = True
        self._free = False
        self.resume_writing()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        """The peer reads more slowly than we write."""
        self._full = []
        self._free = False
        self.deadline = monotonic() + self._limits.write_time

    def resume_writing(self) -> None:
        """The peer has caught up."""
        waiting, self._full = self._full, None
        for future in waiting or ():
            if not future.done():
                future.set_result(None)
        if not self._closing:
            self.deadline = math.inf if self._exchange else monotonic() + self._idle_time
            self._restart_pace()
            self._go_on()

    # What the listener calls.

    def expire(self) -> None:
        """The deadline passed: say so if the peer still owes the rest of a request, else just close."""
        if self._closing or self._full is not None:
            self._out.cut()
        elif self._exchange is not None:
            self._exchange.close = True
            self._exchange.fail(Malformed(408, "The rest of the request took too long."))
            self._pace_since = None
            self.deadline = math.inf
        elif self._buffer:
            self._refuse(Malformed(408, "The request took too long to arrive."))
        else:
            self._out.close()

    def drain(self) -> None:
        """Finish what is being answered, take nothing new."""
        self._draining = True
        self._free = False
        if self._exchange is not None:
            self._exchange.close = True
        elif not self._buffer:
            self._out.close()

    def abort(self) -> None:
        """Cut the connection."""
        self._out.cut()

    # What an exchange calls.

    def write(self, data: bytes) -> None:
        """Queue bytes for the peer. Raises ``Gone``."""
        if self._closing:
            raise Gone
        self._out.write(data)

    def later(self, data: bytes) -> None:
        """Queue a whole answer, which leaves at the end of this turn of the event loop. Raises ``Gone``."""
        if self._closing:
            raise Gone
        self._out.later(data)

    @property
    def full(self) -> bool:
        """The peer has to catch up before it is sent more."""
        return self._full is not None

    async def room(self) -> None:
        """Wait until the peer has caught up. Raises ``Gone``."""
        if self._full is not None:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._full.append(future)
            await future
        if self._closing:
            raise Gone

    def want_more(self) -> None:
        """Go on reading the body; from now on the peer has to keep its pace."""
        exchange = self._exchange
        if exchange is None or self._closing:
            return
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
            self._pace_since = None
        body = exchange.body
        if body is None or body.complete:
            return
        if self._pace_since is None:
            self._pace_since = monotonic()
            self._pace_size = 0
            self._set_pace(exchange)
        if self._buffer:
            self._receive_body(exchange, body)

    def _restart_pace(self) -> None:
        if self._pace_since is not None and self._exchange is not None:
            self._pace_since = monotonic()
            self._pace_size = 0
            self._set_pace(self._exchange)

    def _set_pace(self, exchange: Exchange) -> None:
        """A body that is read has to arrive at ``body_pace``; nobody is hurried while we are the slow ones."""
        body = exchange.body
        if self._full is None:
            hurried = body is not None and body.paced and not body.complete and not self._paused
            if hurried and self._pace_since is not None:
                allowed = self._limits.body_time + self._pace_size / self._limits.body_pace
                self.deadline = self._pace_since + allowed
            else:
                self.deadline = math.inf

    # The long way.

    def _go_on(self) -> None:
        """Do whatever the buffer allows: more of a body, the next heads, or wait."""
        if self._unread is not None:
            self._swallow(self._unread)
        exchange = self._exchange
        if exchange is not None and exchange.body is not None and not exchange.body.complete:
            self._receive_body(exchange, exchange.body)
        while self._buffer and self._exchange is None and self._unread is None and self._full is None:
            if self._closing or not self._next_head():
                break
        if self._exchange is not None and len(self._buffer) > self._limits.head and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._free = not (
            self._buffer or self._exchange or self._unread or self._closing or self._draining or self._full is not None
        )

    def _next_head(self) -> bool:
        """Cut one head from the buffer and answer it. False when it is not complete yet."""
        buffer = self._buffer
        while buffer.startswith(b"\r\n"):
            del buffer[:2]
            self._searched = 0
        if buffer.startswith(_TLS_HELLO):
            self._end_the_handshake()
            return False
        end = buffer.find(_END_OF_HEAD, self._searched)
        size = end + 4 if end >= 0 else len(buffer)
        if size > self._limits.head:
            line_ends = buffer.find(b"\r\n", 0, self._limits.target + 64) >= 0
            self._refuse(Malformed(431 if line_ends else 414, "The request's head is too long."))
            return False
        if end < 0:
            if self._searched == 0:
                self.deadline = monotonic() + self._limits.head_time
            self._searched = max(1, len(buffer) - 3)
            return False
        head = bytes(buffer[:size])
        del buffer[:size]
        self._searched = 0
        self.deadline = monotonic() + self._idle_time
        self._answer(head)
        return True

    def _end_the_handshake(self) -> None:
        """Somebody speaks TLS where plain http is spoken: say so in TLS, at once, instead of waiting for a request."""
        _LOG.warning("%s spoke TLS on a port that speaks plain http", self._peer)
        self._out.write(_TLS_ALERT)
        self._part()

    def _answer(self, head: bytes) -> None:
        prepared = self._recall(head)
        if prepared is not None and not self._draining and prepared.renew(monotonic()):
            prepared.tally.count += 1
            self._out.write(prepared.data)
            return
        try:
            request = self._heads.read(head)
            body = self._body_of(request)
        except Malformed as fault:
            self._refuse(fault)
            return
        close = self._draining or not request.keep_alive
        exchange = Exchange(self, request, body, peer=self._peer, secure=self._secure, close=close)
        if body is not None and request.length is not None and request.length <= len(self._buffer):
            exchange.feed(body.take(self._buffer))
        try:
            answer = self._handler(request, exchange)
        except Exception:  # noqa: BLE001 - a fault in one answer must not cost the other connections their listener
            _LOG.exception("answering failed")
            answer = _FAULT
        if isinstance(answer, Prepared):
            if request.modern and body is None and not close and answer.worth_keeping:
                self._memory.keep(head, answer)
            answer.tally.count += 1
            answer = answer.reply
        if isinstance(answer, Reply):
            exchange.close = close or not self._can_swallow(exchange)
            exchange.reply(answer)
            self._settle(exchange)
        else:
            self._exchange = exchange
            self.deadline = math.inf
            self._pace_since = None
            self._task = asyncio.get_running_loop().create_task(answer)
            self._task.add_done_callback(self._done)

    def _body_of(self, request: Request) -> Body | None:
        if request.length is None:
            return Chunked(self._limits.body)
        if request.length > self._limits.body:
            raise Malformed(413, f"The body is larger than {self._limits.body} bytes.")
        return Sized(request.length) if request.length else None

    def _receive_body(self, exchange: Exchange, body: Body) -> None:
        """Hand the handler what has arrived of an incomplete body."""
        if self._paused:
            return
        try:
            data = body.take(self._buffer)
        except Malformed as fault:
            exchange.close = True
            self._buffer.clear()
            exchange.fail(fault)
            return
        self._pace_size += len(data)
        exchange.feed(data)
        if exchange.waiting_size > self._limits.buffered:
            self._paused = True
            self._transport.pause_reading()
        self._set_pace(exchange)

    def _done(self, task: asyncio.Task[None]) -> None:
        """A handler that took its time is through."""
        exchange, self._exchange, self._task = self._exchange, None, None
        if exchange is None:
            return
        fault = None if task.cancelled() else task.exception()
        if self._closing:
            if fault is not None and not isinstance(fault, Gone | Malformed):
                _LOG.error("answering failed", exc_info=fault)
            return
        if exchange.ended:
            self._settle(exchange)
        elif isinstance(fault, Malformed) and not exchange.started:
            self._refuse(fault)
        elif fault is not None and not isinstance(fault, Gone | Malformed):
            _LOG.error("answering failed", exc_info=fault)
            if exchange.started:
                self._out.cut()
            else:
                exchange.close = True
                exchange.reply(_FAULT)
                self._settle(exchange)
        else:
            self._out.cut()
        self._go_on()

    def _settle(self, exchange: Exchange) -> None:
        """The answer is written: get ready for the next request, or end the connection."""
        self.deadline = monotonic() + self._idle_time
        if exchange.close or not self._can_swallow(exchange):
            self._part()
            return
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        if exchange.body is not None and not exchange.body.complete:
            self._unread = exchange.body
            self.deadline = monotonic() + self._limits.body_time
            self._swallow(exchange.body)

    def _can_swallow(self, exchange: Exchange) -> bool:
        """Whether what is left of the body is small enough to be read for nothing."""
        body = exchange.body
        if body is None or body.complete:
            return True
        return body.remaining is not None and body.remaining <= self._limits.unread and not exchange.unasked

    def _swallow(self, body: Body) -> None:
        body.take(self._buffer)
        if body.complete:
            self._unread = None
            self.deadline = monotonic() + self._idle_time

    def _refuse(self, fault: Malformed) -> None:
        """Answer what cannot be read, and end the connection: nobody knows where the next request would begin."""
        if not self._closing:
            for part in plain(fault.status, fault.words).parts(bare=False, close=True):
                self._out.write(part)
            self._part()

    def _part(self) -> None:
        """End the connection so that the peer can still read the last answer."""
        self._closing = True
        self._free = False
        self._buffer.clear()
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        self.deadline = monotonic() + _LINGER
        if self._secure:
            self._out.close()
        else:
            self._out.end()
