"""A stand-in for control: the feed and the console's ASGI app, on two unix sockets. Also a program that can be killed."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import orjson
import uvicorn


class Stream:
    """A stream of events that a test feeds piece by piece. ``gone`` is set when its reader went away."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self.gone = asyncio.Event()

    async def answer(self, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        reader = asyncio.create_task(receive())
        while not reader.done():
            piece = asyncio.create_task(self.pieces.get())
            await asyncio.wait({reader, piece}, return_when=asyncio.FIRST_COMPLETED)
            if piece.done():
                await send({"type": "http.response.body", "body": piece.result(), "more_body": True})
            piece.cancel()
        self.gone.set()


STREAM = Stream()


async def console(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Echoes what arrived; some paths do more."""
    if scope["type"] != "http":
        return
    path = scope["path"]
    hashed, size = hashlib.sha256(), 0
    if path == "/refuse-early":
        await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"3")]})
        await send({"type": "http.response.body", "body": b"no\n"})
        return
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        hashed.update(message.get("body", b""))
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    if path == "/download":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(64):
            await send({"type": "http.response.body", "body": b"y" * 262_144, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    if path == "/events":
        await STREAM.answer(receive, send)
        return
    if path == "/half":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("the answer breaks off")
    if path == "/not-modified":
        await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", b'"x"')]})
        await send({"type": "http.response.body", "body": b""})
        return
    body = orjson.dumps(
        {
            "method": scope["method"],
            "path": path,
            "query": scope["query_string"].decode(),
            "headers": [[name.decode(), value.decode()] for name, value in scope["headers"]],
            "size": size,
            "sha256": hashed.hexdigest(),
        }
    )
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Control:
    """The feed's server and the table that it tells. Lives on one event loop."""

    def __init__(self, folder: Path, table: dict[str, Any]) -> None:
        self.feed_socket = folder / "feed.sock"
        self.console_socket = folder / "control.sock"
        self.table = table
        self.beating = True
        self.acknowledged: list[int] = []
        self.wanted: list[dict[str, Any]] = []
        self.seen: list[str] = []
        self.peers: list[asyncio.StreamWriter] = []
        self.connections = 0
        self._news = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._console: asyncio.Task[None] | None = None
        self._beats: asyncio.Task[None] | None = None
        self._uvicorn: uvicorn.Server | None = None

    async def start(self) -> None:
        self.feed_socket.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, str(self.feed_socket))
        self._beats = asyncio.create_task(self._beat())
        await self.start_console()

    async def start_console(self) -> None:
        self.console_socket.unlink(missing_ok=True)
        config = uvicorn.Config(
            console, uds=str(self.console_socket), log_level="critical", lifespan="off", proxy_headers=False
        )
        self._uvicorn = uvicorn.Server(config)
        self._uvicorn.capture_signals = contextlib.nullcontext
        self._console = asyncio.create_task(self._uvicorn.serve())
        while not self._uvicorn.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)

    async def stop_console(self) -> None:
        assert self._uvicorn
        assert self._console
        self._uvicorn.should_exit = self._uvicorn.force_exit = True
        await self._console

    async def stop(self) -> None:
        await self.stop_feed()
        await self.stop_console()

    async def stop_feed(self) -> None:
        assert self._server
        assert self._beats
        self._server.close()
        self._beats.cancel()
        for peer in self.peers:
            peer.close()
        self.peers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.peers.append(writer)
        writer.write(json.dumps({"type": "table", "table": self.table}).encode() + b"\n")
        with contextlib.suppress(OSError):
            while line := await reader.readline():
                message = json.loads(line)
                if message["type"] == "ack":
                    self.acknowledged.append(message["version"])
                elif message["type"] == "seen":
                    self.seen.append(message["session"])
                else:
                    self.wanted.append(message)
                self._news.set()
        if writer in self.peers:
            self.peers.remove(writer)
        writer.close()

    async def _beat(self) -> None:
        while True:
            if self.beating:
                self.tell({"type": "beat"})
            await asyncio.sleep(0.1)

    def tell(self, message: dict[str, Any]) -> None:
        for peer in self.peers:
            peer.write(json.dumps(message).encode() + b"\n")

    def tell_raw(self, data: bytes) -> None:
        for peer in self.peers:
            peer.write(data)

    async def change(self, put: dict[str, Any] | None = None, drop: dict[str, Any] | None = None) -> None:
        """Change the table, and wait until the edge has acknowledged it."""
        self.table["version"] += 1
        for section, values in (put or {}).items():
            if isinstance(values, dict):
                self.table.setdefault(section, {}).update(values)
            else:
                self.table[section] = values
        for section, names in (drop or {}).items():
            for name in names:
                self.table[section].pop(name, None)
        self.tell({"type": "change", "version": self.table["version"], "set": put or {}, "drop": drop or {}})
        await self.until(lambda: self.table["version"] in self.acknowledged)

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self._news.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), 0.05)


async def main(folder: Path) -> None:
    control = Control(folder, json.loads((folder / "table-for-control.json").read_text()))
    await control.start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
