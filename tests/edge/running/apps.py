"""The code of apps, as bytes on a socket, and what their visitors see of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from tests.edge.conftest import Got, World

Script = Callable[[bytes, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def echo(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Tell what arrived."""
    lines = head.decode("latin-1").split("\r\n")
    fields = [line.split(": ", 1) for line in lines[1:] if line]
    named = {name.lower(): value for name, value in fields}
    body = b""
    if "content-length" in named:
        body = await reader.readexactly(int(named["content-length"]))
    elif named.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    told = json.dumps({"line": lines[0], "fields": fields, "size": len(body)}).encode()
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(told), told)
    )


class App:
    """An app's code, as bytes on a socket. ``script`` says what it does with a request."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.path = world.run / f"{name}.sock"
        self.script: Script = echo
        self.requests = 0
        self.server: asyncio.Server
        self.writers: set[asyncio.StreamWriter] = set()

    def start(self) -> None:
        async def start() -> None:
            self.path.unlink(missing_ok=True)
            self.server = await asyncio.start_unix_server(self.serve, str(self.path))

        self.world.call(start())
        self.world.runtime.places[self.path.stem] = self.path

    def stop(self) -> None:
        def stop() -> None:
            self.server.close()
            for writer in self.writers:
                writer.transport.abort()

        self.world.loop.call_soon_threadsafe(stop)
        self.path.unlink(missing_ok=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests += 1
                await self.script(head, reader, writer)
                await writer.drain()
        self.writers.discard(writer)
        writer.close()

    def says(self, data: bytes, *, stay: bool = True) -> None:
        """Answer everything with these bytes, and hang up or stay on the line."""

        async def script(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(data)
            if not stay:
                await writer.drain()
                writer.close()

        self.script = script


def told(answer: Got) -> dict[str, Any]:
    assert answer.status == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)
    found["named"] = {name.lower(): value for name, value in found["fields"]}
    return found


def ok(*fields: str, body: bytes = b"hi") -> bytes:
    lines = "".join(f"{field}\r\n" for field in fields)
    return f"HTTP/1.1 200 OK\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def shout(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Set-Cookie: greenlane-visit=x\r\nSec-WebSocket-Accept: abc\r\n\r\nfirst"
    )
    while data := await reader.read(65_536):
        writer.write(data.upper())
        await writer.drain()
    raise asyncio.IncompleteReadError(b"", 1)


def tunnel(world: World, host: str, *fields: str) -> tuple[socket.socket, bytes]:
    peer = socket.create_connection(("127.0.0.1", world.port), timeout=10)
    lines = "".join(f"{field}\r\n" for field in fields)
    peer.sendall(
        f"GET /ws HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{lines}\r\n".encode()
    )
    received = b""
    while b"\r\n\r\n" not in received:
        received += peer.recv(4096)
    return peer, received
