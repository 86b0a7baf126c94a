"""One connection to a server behind a unix socket: reads and writes with bounded buffers.

The socket is opened by its own inode, never through a symbolic link: its folder may belong to whoever serves behind it,
who could otherwise lead our requests to somebody else's socket.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import cast

from greenlane.kit.wire.outgoing import Outgoing, Turn

BUFFERED = 256 * 1024
"""Bytes that wait to be read; beyond them the server is made to wait."""

_CONNECT_WITHIN = 5.0


class Unreached(Exception):
    """No connection could be made: nothing was sent."""


class Link(asyncio.Protocol):
    """Read by one task and written by one. ``rest`` while it is idle: what comes then belongs to no request.

    ``turn`` is shared with other links whose requests leave together with those of this one.
    """

    def __init__(self, turn: Turn | None = None) -> None:
        self._turn = turn or Turn()
        self.since = monotonic()
        self.reusable = False
        self.usable = True
        """Open, and not a byte has come that nobody asked for."""
        self._resting = False
        self._sink: Callable[[bytes], None] | None = None
        self._transport: asyncio.Transport
        self._out: Outgoing
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._held = False
        self._over = False
        self._full = False
        self._arrival: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None

    @classmethod
    async def to(cls, path: Path) -> Link:
        """A connection to the socket at ``path``. Raises ``Unreached``."""
        handle = -1
        try:
            async with asyncio.timeout(_CONNECT_WITHIN):
                handle, place = _pinned(path)
                _, link = await asyncio.get_running_loop().create_unix_connection(cls, place)
        except (OSError, TimeoutError) as error:
            raise Unreached(str(error)) from error
        finally:
            if handle >= 0:
                os.close(handle)
        return link

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The server is there."""
        self._transport = cast(asyncio.Transport, transport)
        self._out = Outgoing(self._transport, self._turn)

    def data_received(self, data: bytes) -> None:
        """Bytes are there; nobody asked for those that come while it rests."""
        if self._resting:
            self.close()
            return
        if self._sink is not None:
            self._sink(data)
            return
        self._pieces.append(data)
        self._size += len(data)
        if self._size > BUFFERED and not self._held:
            self._held = True
            self._transport.pause_reading()
        _wake(self._arrival)

    def connection_lost(self, error: Exception | None) -> None:
        """The server is gone; what it sent before can still be read."""
        self._over, self.usable = True, False
        if self._sink is not None:
            self._sink(b"")
        _wake(self._arrival)
        _wake(self._room)

    def pause_writing(self) -> None:
        """The server reads more slowly than we write."""
        self._full = True

    def resume_writing(self) -> None:
        """The server has caught up."""
        self._full = False
        _wake(self._room)

    # What whoever relays calls.

    async def read(self) -> bytes:
        """The next piece; empty at the end."""
        while not self._pieces:
            if self._over:
                return b""
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        return self._next()

    def _next(self) -> bytes:
        """What has waited longest to be read."""
        data = self._pieces.popleft()
        self._size -= len(data)
        if self._held and self._size <= BUFFERED // 2:
            self._held = False
            if not self._over:
                self._transport.resume_reading()
        return data

    def pour(self, sink: Callable[[bytes], None] | None) -> None:
        """Hand every piece to ``sink`` as it comes, and nothing at the end, until told otherwise: None for what is read.

        What has come already is handed over first.
        """
        self._sink = sink
        while self._sink is not None and self._pieces:
            self._sink(self._next())
        if self._sink is not None and self._over:
            self._sink(b"")

    async def send(self, data: bytes) -> None:
        """Write, and wait until there is room for more. ConnectionResetError when the server has gone."""
        self.write(data)
        while self._full and not self._over:
            self._room = asyncio.get_running_loop().create_future()
            await self._room
        if self._over:
            raise ConnectionResetError

    def write(self, data: bytes) -> None:
        """Queue bytes; they go nowhere once the server has gone."""
        if not self._over:
            self._out.write(data)

    def later(self, data: bytes) -> None:
        """Queue a whole request, which leaves at the end of this turn of the event loop."""
        if not self._over:
            self._out.later(data)

    def rest(self) -> None:
        """An answer is over and the connection is kept for the next request; left-over bytes make it useless."""
        self._resting, self.since = True, monotonic()
        if self._pieces:
            self.close()

    def take_up(self) -> None:
        """A request is about to be sent."""
        self._resting = self.reusable = False

    def close(self) -> None:
        """Let go of it."""
        self.usable = False
        self._out.cut()


def _pinned(path: Path) -> tuple[int, str]:
    """A handle that names the socket's inode, and a path through it; the plain path where there is no such thing."""
    if not hasattr(os, "O_PATH"):
        return -1, str(path)
    handle = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISSOCK(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(f"{path} is not a socket")
    return handle, f"/proc/self/fd/{handle}"


def _wake(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)
