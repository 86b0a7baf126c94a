"""What the edge adds to a request for a running app: beside nginx as a bare relay to the same socket, and beside the app itself.

    python benchmarks/hop.py [--requests 2000] [--rounds 5] [--json FILE]

Needs ``apt-get install nginx-light``. The app is a small program on a unix socket that answers 1 KB at once. One client asks
one request after the other over a kept connection, in turns: the app's socket directly, through nginx (``proxy_pass`` with
kept connections, no check of anything), and through the edge with a signed-in visitor: visit looked up, identity signed,
fields judged both ways. What is compared is the time of one request; the difference to the direct way is the hop.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop

from edge import HOST, SESSION, cookie, edge_options, feed, free_port, table  # beside this file
from greenlane.edge.process import run

BODY = b"x" * 1024
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
ASK = f"GET /api/things?page=1 HTTP/1.1\r\nHost: {HOST}\r\nCookie: {cookie()}\r\nAccept: application/json\r\n\r\n".encode()


class App(asyncio.Protocol):
    """The app: every head gets the same answer."""

    def connection_made(self, transport: Any) -> None:
        self.transport, self.buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            self.buffer = self.buffer[end + 4 :]
            self.transport.write(ANSWER)


async def app(path: Path) -> None:
    server = await asyncio.get_running_loop().create_unix_server(App, str(path))
    await server.serve_forever()


async def runtime(path: Path, endpoint: Path) -> None:
    """The runtime process's part: it says where the app is."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"endpoint" in await reader.readline():
            writer.write(json.dumps({"socket": str(endpoint)}).encode() + b"\n")
            await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(answer, str(path)) as server:
        await server.serve_forever()


def serve_app(path: Path) -> None:
    uvloop.run(app(path))


def serve_edge(folder: Path, port: int) -> None:
    run(edge_options(folder, port))


def nginx(folder: Path, port: int) -> subprocess.Popen[bytes]:
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"user root; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}} http {{ access_log off;"
        f" upstream app {{ server unix:{folder}/app.sock; keepalive 32; }}"
        f" server {{ listen 127.0.0.1:{port}; keepalive_requests 1000000; location / {{ proxy_pass http://app;"
        ' proxy_http_version 1.1; proxy_set_header Connection ""; } } }'
    )
    return subprocess.Popen(["nginx", "-c", str(configuration), "-g", "daemon off;"], stderr=subprocess.DEVNULL)


@contextmanager
def ways(folder: Path) -> Iterator[dict[str, socket.socket]]:
    told = table(folder)
    told["hosts"][HOST]["run"] = {"kind": "asgi"}
    told["people"]["p_ada"] |= {"name": "Ada", "email": "ada@example.com"}
    assert told["sessions"][SESSION] == "p_ada"
    for work in (feed(folder / "feed.sock", told), runtime(folder / "runtime.sock", folder / "app.sock")):
        threading.Thread(target=asyncio.run, args=(work,), daemon=True).start()
    ports = {"edge": free_port(), "nginx": free_port()}
    context = multiprocessing.get_context("spawn")
    children = [
        context.Process(target=serve_app, args=(folder / "app.sock",)),
        context.Process(target=serve_edge, args=(folder, ports["edge"])),
    ]
    for child in children:
        child.start()
    relay = nginx(folder, ports["nginx"]) if shutil.which("nginx") else None
    try:
        lines = {"direct": patiently(lambda: unix(folder / "app.sock"))}
        if relay is not None:
            lines["nginx"] = patiently(lambda: tcp(ports["nginx"]))
        lines["edge"] = patiently(lambda: tcp(ports["edge"]))
        yield lines
        for line in lines.values():
            line.close()
    finally:
        for child in children:
            child.terminate()
            child.join()
        if relay is not None:
            relay.terminate()
            relay.wait()


def unix(path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    line.connect(str(path))
    return line


def tcp(port: int) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def patiently(connect: Any) -> socket.socket:
    """A line on which the app answers."""
    for _ in range(400):
        try:
            line: socket.socket = connect()
            if b" 200 " in once(line)[:20]:
                return line
            line.close()
        except OSError:
            pass
        time.sleep(0.05)
    raise SystemExit("A way to the app does not open.")


def once(line: socket.socket) -> bytes:
    line.sendall(ASK)
    received = line.recv(65_536)
    while received and not received.endswith(BODY):
        if b" 200 " not in received[:20]:
            return received
        received += line.recv(65_536)
    return received


def measure(requests: int, rounds: int) -> dict[str, Any]:
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="hop-") as name, ways(Path(name)) as lines:
        for way, line in lines.items():
            times[way] = []
            for _ in range(200):
                once(line)
        for _ in range(rounds):
            for way, line in lines.items():
                for _ in range(requests // rounds):
                    begun = time.perf_counter()
                    once(line)
                    times[way].append((time.perf_counter() - begun) * 1000)
    p50 = {way: statistics.median(of) for way, of in times.items()}
    p95 = {way: statistics.quantiles(of, n=20)[18] for way, of in times.items()}
    hop = {way: p50[way] - p50["direct"] for way in p50 if way != "direct"}
    figures: dict[str, Any] = {
        "ms p50": {way: round(value, 3) for way, value in p50.items()},
        "ms p95": {way: round(value, 3) for way, value in p95.items()},
        "hop ms p50": {way: round(value, 3) for way, value in hop.items()},
    }
    if "nginx" in hop:
        figures["hop ratio"] = round(hop["edge"] / hop["nginx"], 2)
    return figures


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--requests", type=int, default=5000, help="for each way")
    options.add_argument("--rounds", type=int, default=10)
    options.add_argument("--json", type=Path, help="also write the figures there")
    chosen = options.parse_args()
    figures = measure(chosen.requests, chosen.rounds)
    for name, value in figures.items():
        print(f"{name}: {value}")
    if chosen.json:
        chosen.json.write_text(json.dumps({"hop": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
