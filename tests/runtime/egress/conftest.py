"""A running egress process in a thread, a made-up internet on loopback, and programs that ask their proxy."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import uvloop

from greenlane.runtime.egress.driver import EgressProcess
from greenlane.runtime.egress.policy import Sandbox
from greenlane.runtime.egress.process import Egress, EgressOptions
from greenlane.runtime.egress.proxy import Limits

BOARD = Sandbox("board-production", "board", "production", "d1aaaaaaa")


class Net:
    """Names and what they lead to. What is asked for is remembered; every host is one server on loopback."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}
        self.looked_up: list[str] = []
        self.answers = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
        self.heard = bytearray()
        self.stays = False
        self.port = 0

    async def look_up(self, host: str, port: int) -> Sequence[str]:
        self.looked_up.append(host)
        if host not in self.names:
            raise OSError("no such name")
        return self.names[host]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                self.heard += data
                if self.answers:
                    writer.write(self.answers)
                    await writer.drain()
                    if not self.stays:
                        break
        writer.close()


class Outside:
    """The process, told through its socket as the others tell it."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self._short = tempfile.TemporaryDirectory(prefix="gl-")
        self.run = Path(self._short.name)
        self.folder = folder
        self.net = Net()
        self.loop = uvloop.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = self.call(asyncio.start_server(self.net.serve, "127.0.0.1", 0))
        self.net.port = self.server.sockets[0].getsockname()[1]
        self.options = EgressOptions(
            socket=self.run / "egress.sock",
            sockets=self.run / "ways",
            folder=folder / "egress",
            journal=folder / "egress-journal",
            write_every=3600,
            seal_every=3600,
            **{"networks": ("127.0.0.1/32",), "look_up": self.net.look_up, **options},
        )
        self.process = EgressProcess(self.options.socket)
        self.egress: Egress
        self.start()

    def call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def start(self) -> None:
        async def start() -> Egress:
            egress = Egress(self.options)
            await egress.start()
            return egress

        self.egress = self.call(start())

    def stop(self) -> None:
        self.call(self.egress.stop())

    def close(self) -> None:
        self.stop()
        self.call(self._end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
        self._short.cleanup()

    async def _end(self) -> None:
        self.server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for _ in range(5):  # what was closed is let go of in the loop's next rounds
            await asyncio.sleep(0)

    def knows(self, host: str, *addresses: str) -> str:
        """A name; returns it with the port of the one server that there is."""
        self.net.names[host] = list(addresses or ("127.0.0.1",))
        return f"{host}:{self.net.port}"

    def open(self, one: Sandbox = BOARD, *hosts: str) -> Path:
        self.process.tell({one.app: hosts})
        return self.process.open(one)


def dial(path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(15)
    try:
        line.connect(str(path))
    except OSError:
        line.close()
        raise
    return line


def ask(path: Path, data: bytes) -> bytes:
    """Send, and read until the end."""
    with dial(path) as line:
        line.sendall(data)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := line.recv(65_536):
                received += piece
        return received


def connect(path: Path, place: str) -> tuple[socket.socket, bytes]:
    """Ask for a tunnel; returns the line and the head of the answer."""
    line = dial(path)
    received = b""
    try:
        line.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
        while b"\r\n\r\n" not in received and (piece := line.recv(4096)):
            received += piece
    except OSError:
        line.close()
        raise
    return line, received


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    made = Outside(tmp_path)
    yield made
    made.close()


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Outside]:
    """As it comes: nothing inside may be reached, and few things go on at once."""
    made = Outside(tmp_path, networks=(), limits=Limits(at_once=3, head_time=1, idle=1.5, whole=20, a_day=100_000))
    yield made
    made.close()


@pytest.fixture
def tight(tmp_path: Path) -> Iterator[Outside]:
    made = Outside(tmp_path, limits=Limits(at_once=3, head_time=1, idle=1.5, whole=20, a_day=100_000))
    yield made
    made.close()
