"""The way out of a build: one unix socket that speaks HTTP proxy, and lets it reach the package registries alone.

Everything asked for is recorded, whether it was allowed or not. ``WayOut`` is what the workshop asks for; whatever else
opens such a socket and keeps such a record can take this proxy's place.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from greenlane.runtime.building.registries import Place

_HEAD = 16 * 1024
_HEAD_WITHIN, _IDLE = 15.0, 120.0
_CHUNK = 64 * 1024
AT_ONCE = 128
"""Connections of one build at the same time."""

MOST = 8 * 1024 * 1024 * 1024
"""Bytes that one build may take from registries."""

SOCKET = "egress.sock"
"""The socket's name in the folder that a sandbox is given."""


@dataclass(slots=True)
class Record:
    """What a build reached and what it was refused: connections and bytes by `host:port`."""

    reached: dict[str, list[int]] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """As JSON values, sorted."""
        return {
            "reached": {name: {"times": one[0], "bytes": one[1]} for name, one in sorted(self.reached.items())},
            "refused": dict(sorted(self.refused.items())),
        }

    @property
    def bytes(self) -> int:
        """Bytes that came in, all together."""
        return sum(one[1] for one in self.reached.values())


class WayOut(Protocol):
    """Opens the way out of one build."""

    def opened(
        self, build: str, folder: Path, places: frozenset[Place], app: str = ""
    ) -> AbstractContextManager[Record]:
        """A socket named ``SOCKET`` in ``folder`` while the block lasts, which reaches ``places`` alone.

        ``app`` is whose build it is, for whoever keeps a record of that.
        """
        ...


class RegistryProxy:
    """The proxy of one process: a loop in a thread of its own, a socket a build."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="way-out", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @contextmanager
    def opened(self, build: str, folder: Path, places: frozenset[Place], app: str = "") -> Iterator[Record]:
        """See ``WayOut``."""
        record = Record()
        one = _One(places, record)
        server = self._run(asyncio.start_unix_server(one.serve, sock=_bound(folder), limit=_CHUNK))
        try:
            yield record
        finally:
            self._run(one.close(server))

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)


def _bound(folder: Path) -> socket.socket:
    """A socket in a folder, named by way of the folder's descriptor: a whole path may be too long (unix(7), 108 bytes)."""
    listener = socket.socket(socket.AF_UNIX)
    opened = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        listener.bind(f"/proc/self/fd/{opened}/{SOCKET}")
    finally:
        os.close(opened)
    (folder / SOCKET).chmod(0o666)  # the folder lets in whom it was made for
    return listener


class _One:
    """The proxy of one build."""

    def __init__(self, places: frozenset[Place], record: Record) -> None:
        self._places = places
        self._record = record
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self, server: asyncio.Server) -> None:
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await server.wait_closed()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a connection is served by a task"
        self._tasks.add(task)
        try:
            if len(self._tasks) > AT_ONCE:
                await _refuse(writer, 503, "too many connections at once")
                return
            await self._answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, asyncio.CancelledError):
            pass  # whoever speaks through here learns it by the end of the connection
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _HEAD_WITHIN)
        if len(head) > _HEAD:
            await _refuse(writer, 431, "the request's head is too long")
            return
        asked = _asked(head)
        if asked is None:
            await _refuse(writer, 400, "this way out takes CONNECT, and GET of an http address")
            return
        place, onward = asked
        name = f"{place[0]}:{place[1]}"
        if place not in self._places:
            self._record.refused[name[:300]] = self._record.refused.get(name[:300], 0) + 1
            await _refuse(writer, 403, f"a build reaches package registries alone, and {name} is none of them")
            return
        if self._record.bytes > MOST:
            await _refuse(writer, 403, "this build has taken more than a build may take")
            return
        counted = self._record.reached.setdefault(name, [0, 0])
        counted[0] += 1
        try:
            far, near = await asyncio.wait_for(asyncio.open_connection(*place, limit=_CHUNK), _HEAD_WITHIN)
        except (OSError, TimeoutError):
            await _refuse(writer, 502, f"{name} does not answer")
            return
        try:
            if onward is None:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await asyncio.gather(_pass(reader, near), self._pass_back(far, writer, counted))
            else:
                near.write(onward)
                await self._pass_back(far, writer, counted)
        finally:
            near.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await near.wait_closed()

    async def _pass_back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counted: list[int]) -> None:
        while data := await asyncio.wait_for(reader.read(_CHUNK), _IDLE):
            counted[1] += len(data)
            if self._record.bytes > MOST:
                raise OSError("this build has taken more than a build may take")
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        with contextlib.suppress(OSError):
            writer.write_eof()


_CONNECT = re.compile(rb"CONNECT ([A-Za-z0-9._-]{1,255}):(\d{1,5}) HTTP/1\.[01]\r\n")
_PLAIN = re.compile(rb"(GET|HEAD) (http://[^\s]{1,8000}) HTTP/1\.[01]\r\n")


def _asked(head: bytes) -> tuple[Place, bytes | None] | None:
    """Where a request wants to go, and what is sent there for it: nothing for a tunnel. None for any other request."""
    if tunnel := _CONNECT.match(head):
        return (tunnel[1].decode().lower(), int(tunnel[2])), None
    if (plain := _PLAIN.match(head)) is None:
        return None
    address = urlsplit(plain[2].decode("latin-1"))
    try:
        place = ((address.hostname or "").lower(), address.port or 80)
    except ValueError:
        return None
    path = (address.path or "/") + (f"?{address.query}" if address.query else "")
    kept = [
        line for line in head[plain.end() : -4].split(b"\r\n") if line.partition(b":")[0].strip().lower() in _PASSED_ON
    ]
    lines = [
        plain[1] + b" " + path.encode("latin-1") + b" HTTP/1.1",
        b"Host: " + address.netloc.rpartition("@")[2].encode(),
    ]
    return place, b"\r\n".join([*lines, *kept, b"Connection: close", b"", b""])


_PASSED_ON = (b"accept", b"accept-encoding", b"user-agent", b"if-none-match", b"range")


async def _refuse(writer: asyncio.StreamWriter, status: int, why: str) -> None:
    body = f"{why}\n".encode()
    head = f"HTTP/1.1 {status} Refused\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
