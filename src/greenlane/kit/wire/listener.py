"""Where connections come in: the sockets, the sweep over deadlines, and the way out."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Sequence
from time import monotonic

from greenlane.kit.wire.connection import Connection, Handler
from greenlane.kit.wire.limits import Limits
from greenlane.kit.wire.prepared import Memory

_LOG = logging.getLogger(__name__)
_BACKLOG = 1024
_HANDSHAKE = 10.0
"""Seconds for a TLS handshake."""


class Listener:
    """Serves HTTP/1.1 on every address in ``hosts`` at one ``port`` (0: any that is free on all of them)."""

    def __init__(self, handler: Handler, *, limits: Limits | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.memory = Memory()
        self.connections: set[Connection] = set()
        self.port = 0
        self._handler = handler
        self._limits = limits or Limits()
        self._tls = tls
        self._servers: list[asyncio.Server] = []
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self, hosts: Sequence[str], port: int) -> int:
        """Listen, and return the port. OSError when it is taken on any of the addresses."""
        loop = asyncio.get_running_loop()
        sockets = _bind(hosts, port)
        self.port = sockets[0].getsockname()[1]
        for bound in sockets:
            self._servers.append(
                await loop.create_server(
                    self._connection,
                    sock=bound,
                    backlog=_BACKLOG,
                    ssl=self._tls,
                    ssl_handshake_timeout=_HANDSHAKE if self._tls else None,
                )
            )
        self._sweeper = loop.create_task(self._sweep())
        return self.port

    def _connection(self) -> Connection:
        return Connection(self._handler, self.memory, self._limits, self.connections, secure=self._tls is not None)

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


def _bind(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """One socket for each address, all on the same port. A machine without IPv6 listens on what it has."""
    attempts = 1 if port else 20
    for attempt in range(attempts):
        sockets: list[socket.socket] = []
        chosen = port
        try:
            for host in hosts:
                bound = _socket(host, chosen)
                if bound is not None:
                    sockets.append(bound)
                    chosen = bound.getsockname()[1]
            if not sockets:
                raise OSError(f"None of the addresses {', '.join(hosts)} is on this machine.")
            return sockets
        except OSError:
            for bound in sockets:
                bound.close()
            if attempt == attempts - 1:
                raise
    raise AssertionError("unreachable")


def _socket(host: str, port: int) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if family == socket.AF_INET6 and not _has_ipv6(host):
        _LOG.warning("This machine has no address %s; not listening there.", host)
        return None
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def _has_ipv6(host: str) -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind((host, 0))
    except OSError:
        return False
    return True
