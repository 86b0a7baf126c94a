"""Where connections come in: the sockets, the sweep over deadlines, and the way out."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from time import monotonic

from greenlane.kit.wire.connection import Connection, Handler
from greenlane.kit.wire.limits import Limits
from greenlane.kit.wire.listening import BACKLOG, named
from greenlane.kit.wire.outgoing import Turn
from greenlane.kit.wire.prepared import Memory
from greenlane.kit.wire.request import Heads

_HANDSHAKE = 10.0
"""Seconds for a TLS handshake."""


class Listener:
    """Serves HTTP/1.1 on sockets that listen."""

    def __init__(self, handler: Handler, *, limits: Limits | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.memory = Memory()
        self.connections: set[Connection] = set()
        self.port = 0
        self._handler = handler
        self._limits = limits or Limits()
        self._heads = Heads(self._limits)
        self._turn = Turn()
        self._tls = tls
        self._servers: list[asyncio.Server] = []
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self, sockets: Sequence[socket.socket]) -> int:
        """Take connections, and return the port of the first socket. They are closed by ``stop``."""
        loop = asyncio.get_running_loop()
        self.port = sockets[0].getsockname()[1]
        for bound in sockets:
            self._servers.append(
                await loop.create_server(
                    partial(self._connection, secure=self._tls is not None),
                    sock=bound,
                    backlog=BACKLOG,
                    ssl=self._tls,
                    ssl_handshake_timeout=_HANDSHAKE if self._tls else None,
                )
            )
        if self._sweeper is None:
            self._sweeper = loop.create_task(self._sweep())
        return self.port

    async def also_at(self, place: Path | socket.socket) -> None:
        """Listen at a unix socket as well, without TLS: at a path, or at one that was opened for several processes.

        Whoever reaches a path's folder may connect.
        """
        loop = asyncio.get_running_loop()
        bound = named(place) if isinstance(place, Path) else place
        self._servers.append(
            await loop.create_unix_server(partial(self._connection, secure=False), sock=bound, backlog=BACKLOG)
        )
        if self._sweeper is None:
            self._sweeper = loop.create_task(self._sweep())

    def _connection(self, *, secure: bool) -> Connection:
        return Connection(
            self._handler, self.memory, self._heads, self._limits, self.connections, self._turn, secure=secure
        )

    async def _sweep(self) -> None:
        limits = self._limits
        pause = min(1.0, min(limits.head_time, limits.idle_time, limits.body_time, limits.write_time) / 4)
        while True:
            await asyncio.sleep(pause)
            now = monotonic()
            for connection in [one for one in self.connections if one.deadline < now]:
                connection.expire()

    async def stop(self, grace: float) -> None:
        """Take nothing new, let running answers finish for at most ``grace`` seconds, then cut what is left."""
        for server in self._servers:
            server.close()
        self.memory.clear()
        for connection in list(self.connections):
            connection.drain()
        end = monotonic() + grace
        while self.connections and monotonic() < end:  # noqa: ASYNC110 - connections end one by one, none is the last
            await asyncio.sleep(0.02)
        for connection in list(self.connections):
            connection.abort()
        if self._sweeper is not None:
            self._sweeper.cancel()
