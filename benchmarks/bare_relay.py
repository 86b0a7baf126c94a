"""A relay in the language and on the loop of the gateway that reads nothing of what it passes on: below it nobody gets here.

    python benchmarks/bare_relay.py HANDLE PORT

``HANDLE`` is a socket that listens, inherited; each connection to it gets one of its own to ``PORT`` on this machine.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

import uvloop


class Half(asyncio.Protocol):
    """One side of a connection: what it says goes to the other."""

    def __init__(self, other: Half | None = None) -> None:
        self.other = other
        self.transport: Any = None
        self.early: list[bytes] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        if self.other is None:
            self.other = Half(self)
            task = asyncio.ensure_future(
                asyncio.get_running_loop().create_connection(lambda: self.other, "127.0.0.1", PORT)
            )
            task.add_done_callback(self._led)

    def _led(self, _task: Any) -> None:
        for data in self.early:
            self.data_received(data)
        self.early.clear()

    def data_received(self, data: bytes) -> None:
        assert self.other is not None
        if self.other.transport is None:
            self.early.append(data)
        else:
            self.other.transport.write(data)

    def connection_lost(self, error: Exception | None) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()


async def relay(handle: int) -> None:
    server = await asyncio.get_running_loop().create_server(Half, sock=socket.socket(fileno=handle))
    await server.serve_forever()


if __name__ == "__main__":
    PORT = int(sys.argv[2])
    uvloop.run(relay(int(sys.argv[1])))
