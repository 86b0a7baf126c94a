"""What the model gateway adds to a call: beside nginx as a bare relay to the same provider, beside a relay in Python that reads
nothing of what it passes on (``bare``: on this machine nothing in Python takes less), and beside the provider itself.

    python benchmarks/model_calls.py [--seconds 3] [--rounds 3] [--streams 32 500] [--lowest] [--peers FOLDER] [--json FILE]

The provider is a stub that answers 600 bytes with a usage at once, after 20 ms, or as a stream of 51 events. The gateway
serves as in production: key, hard budget leased from an owner, worst case reserved, intent and end recorded; *durable* waits
for the disk before an answer leaves, *written* does not. One client drives each way in turn; CPU is of the process measured,
by its own clock (``/proc/PID/stat``), and is what counts: wall times depend on what else this machine does. With
``--peers`` LiteLLM and Portkey are installed into that folder and measured beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import re
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import uvloop

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.peers import Peer, free_port
from benchmarks.peers import started as peers_in
from tests.gateway.control_for_tests import Control
from tests.gateway.world import KEY, budget, hashed, key, table

TICKS = os.sysconf("SC_CLK_TCK")
MESSAGES, CHAT = "/ai/anthropic/v1/messages", "/ai/openai/v1/chat/completions"
Asked = tuple[str, bytes, dict[str, str]]
"""Path, body and further headers of a request."""
ASKED = json.dumps(
    {"model": "gpt-4o-mini", "max_tokens": 100, "messages": [{"role": "user", "content": "word " * 170}]},
    separators=(",", ":"),
).encode()
STREAMED = ASKED[:-1] + b',"stream":true,"stream_options":{"include_usage":true}}'
ANSWER = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-mini",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "word " * 60}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 180, "completion_tokens": 60, "total_tokens": 240},
    }
).encode()
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(ANSWER), ANSWER)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENTS = 51


LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def event(words: str, last: str = "") -> bytes:
    shared = '{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini","choices":['
    return chunk(b"data: " + (last or f'{shared}{{"index":0,"delta":{{"content":"{words}"}}}}]}}').encode() + b"\n\n")


USAGE = '{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini","choices":[],"usage":{"prompt_tokens":180,"completion_tokens":50,"total_tokens":230}}'
PIECES = [event(f" word{n}") for n in range(EVENTS - 1)] + [event("", USAGE) + event("", "[DONE]") + b"0\r\n\r\n"]


class Provider(asyncio.Protocol):
    """Answers by the path: at once, ``/slow`` after 20 ms; a stream where the body asks for one, an event each 10 ms
    (``/paced``), or each as soon as the one before was sent.
    """

    def connection_made(self, transport: Any) -> None:
        self.transport, self.buffer = transport, b""
        self.later: asyncio.TimerHandle | None = None

    def connection_lost(self, error: Exception | None) -> None:
        if self.later is not None:
            self.later.cancel()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            told = LENGTH.search(head)
            length = int(told[1]) if told else 0
            if len(self.buffer) < end + 4 + length:
                return
            body, self.buffer = self.buffer[end + 4 : end + 4 + length], self.buffer[end + 4 + length :]
            loop = asyncio.get_running_loop()
            if b'"stream":true' in body:
                self.transport.write(HEAD)
                self.pace(0, 0.01 if b"/paced" in head else 0.0)
            elif b"/slow" in head:
                self.later = loop.call_later(0.02, self.transport.write, WHOLE)
            else:
                self.transport.write(WHOLE)

    def pace(self, number: int, rest: float) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(PIECES[number])
        if number + 1 < len(PIECES):
            loop = asyncio.get_running_loop()
            if rest:
                self.later = loop.call_later(rest, self.pace, number + 1, rest)
            else:
                loop.call_soon(self.pace, number + 1, rest)


async def provide(bound: socket.socket, tls: tuple[Path, Path] | None) -> None:
    context = None
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
    server = await asyncio.get_running_loop().create_server(Provider, sock=bound, ssl=context)
    await server.serve_forever()


def serve_provider(bound: socket.socket, tls: tuple[Path, Path] | None = None) -> None:
    uvloop.run(provide(bound, tls))


def bound() -> socket.socket:
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind(("127.0.0.1", 0))
    found.listen(1024)
    return found


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that only this run trusts."""
    names = (folder / "provider.crt", folder / "provider.key")
    subject = ["-subj", "/CN=provider", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    subprocess.run([*made, *subject, "-out", names[0], "-keyout", names[1]], check=True, stderr=subprocess.DEVNULL)
    return names


def told(port: int, secure: int) -> dict[str, Any]:
    """What control tells: one hard budget that is never spent, a provider, and the same one behind TLS."""
    found = table()
    found["keys"][hashed(KEY)] = key(id="gk_bench")
    found["budgets"] = {"b_all": budget(8 * 10**18), "b_ada": budget(8 * 10**18, "person:p_ada")}
    shared = {"region": "eu", "keeps_nothing": True, "on": True, "prices": "openai", "networks": []}
    credentials = [{"id": "mc_1", "secret": "sk-provider"}]
    for name, scheme, at, path in (
        ("openai", "http", port, ""),
        ("slow", "http", port, "/slow"),
        ("paced", "http", port, "/paced"),
        ("quick", "http", port, "/quick"),
        ("secure", "https", secure, ""),
    ):
        base = f"{scheme}://127.0.0.1:{at}{path}"
        found["providers"][name] = {**shared, "kind": "openai", "base_url": base, "credentials": credentials}
    found["usual"] = {"openai": "openai", "anthropic": "secure"}
    return found


def gateway(folder: Path, listening: socket.socket, kind: str, trusted: Path) -> subprocess.Popen[bytes]:
    handle = listening.fileno()
    command = [sys.executable, Path(__file__).with_name("model_worker.py"), folder, str(handle), kind]
    environment = {**os.environ, "SSL_CERT_FILE": str(trusted)}
    return subprocess.Popen(command, pass_fds=[handle], env=environment, stderr=subprocess.DEVNULL)


def bare(listening: socket.socket, provider: int) -> subprocess.Popen[bytes]:
    handle = listening.fileno()
    command = [sys.executable, Path(__file__).with_name("bare_relay.py"), str(handle), str(provider)]
    return subprocess.Popen(command, pass_fds=[handle])


def nginx(folder: Path, port: int, provider: int) -> subprocess.Popen[bytes]:
    configuration = folder / "nginx.conf"
    user = "user root; " if os.getuid() == 0 else ""
    configuration.write_text(
        f"{user}worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{ worker_connections 4096; }} http {{"
        f" access_log off; upstream provider {{ server 127.0.0.1:{provider}; keepalive 512; }}"
        f" server {{ listen 127.0.0.1:{port}; keepalive_requests 10000000; location / {{ proxy_pass http://provider;"
        ' proxy_http_version 1.1; proxy_buffering off; proxy_set_header Connection ""; } } }'
    )
    return subprocess.Popen(["nginx", "-c", str(configuration), "-g", "daemon off;"], stderr=subprocess.DEVNULL)


def control(folder: Path, table: dict[str, Any]) -> None:
    async def serve() -> None:
        await Control(folder / "feed.sock", table).start()
        await asyncio.Event().wait()

    threading.Thread(target=asyncio.run, args=(serve(),), daemon=True).start()


def children_of(pid: int) -> list[int]:
    return [pid, *(int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def cpu(pids: list[int]) -> float:
    """Seconds of CPU that these processes have used."""
    used = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        used += int(fields[11]) + int(fields[12])
    return used / TICKS


def memory(pid: int) -> float:
    """Megabytes that a process holds for itself alone and with others."""
    line = next(one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


class Way:
    """One way to the provider: a port, and whose CPU counts."""

    def __init__(self, port: int, pid: int, *, gateway: bool = False, peer: Peer | None = None) -> None:
        self.port = port
        self.pid = pid
        self.gateway = gateway
        self.peer = peer

    def pids(self) -> list[int]:
        """The process and its children."""
        return children_of(self.pid)

    def request(self, which: str) -> tuple[str, bytes, dict[str, str]]:
        """Path, body and further headers with which it is asked so that the provider answers in that manner."""
        body = STREAMED if which in ("paced", "quick") else ASKED
        if self.peer is not None:
            return self.peer.path, named(body, self.peer.models[which]), self.peer.headers[which]
        if self.gateway:
            return CHAT, named(body, "gpt-4o-mini" if which == "plain" else f"{which}/gpt-4o-mini"), {}
        return CHAT if which == "plain" else f"/{which}{CHAT}", body, {}


@contextmanager
def ways(folder: Path, peers: Path | None = None) -> Iterator[dict[str, Way]]:
    """Everything started, and ended again."""
    context = multiprocessing.get_context("spawn")
    tls = certificate(folder)
    plain, secure = bound(), bound()
    listening = {name: bound() for name in ("written", "durable")}
    relaying = bound()
    control(folder, told(plain.getsockname()[1], secure.getsockname()[1]))
    providers = [
        context.Process(target=serve_provider, args=(plain,), daemon=True),
        context.Process(target=serve_provider, args=(secure, tls), daemon=True),
    ]
    for process in providers:
        process.start()
    at = plain.getsockname()[1]
    found = {"direct": Way(at, providers[0].pid or 0)}
    started: list[subprocess.Popen[bytes]] = []
    if shutil.which("nginx"):
        port = free_port()
        started.append(nginx(folder, port, at))
        found["nginx"] = Way(port, started[-1].pid)
    started.append(bare(relaying, at))
    found["bare"] = Way(relaying.getsockname()[1], started[-1].pid)
    for name, each in listening.items():
        started.append(gateway(folder, each, name, tls[0]))
        found[name] = Way(each.getsockname()[1], started[-1].pid, gateway=True)
    if peers is not None:
        for name, peer in peers_in(peers, at, KEY).items():
            started.append(peer.process)
            found[name] = Way(peer.port, peer.process.pid, peer=peer)
    try:
        for name, way in list(found.items()):
            try:
                patiently(way)
            except TimeoutError:
                if way.peer is None:
                    raise
                print(f"{name} is not measured: it does not answer", file=sys.stderr)
                del found[name]
        yield found
    finally:
        for one in started:
            one.terminate()
            one.wait()
        for process in providers:
            process.terminate()
            process.join()


def patiently(way: Way) -> None:
    """Until an answer comes from there."""
    for _ in range(600):
        try:
            with socket.create_connection(("127.0.0.1", way.port), timeout=5) as line:
                line.sendall(asking(*way.request("plain")))
                if b" 200 " in line.recv(65_536):
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise TimeoutError(f"nobody answers at port {way.port}")


def named(body: bytes, model: str) -> bytes:
    """The same body, asking for another model."""
    return body.replace(b"gpt-4o-mini", model.encode(), 1)


def asking(path: str, body: bytes, headers: Mapping[str, str] = MappingProxyType({})) -> bytes:
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nUser-Agent: OpenAI/Python 3.51.0\r\nX-Stainless-Lang: python\r\n{more}"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


SCRIPT = """
wrk.method = "POST"
wrk.path = "%s"
wrk.body = [==[%s]==]
wrk.headers["Authorization"] = "Bearer %s"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["User-Agent"] = "OpenAI/Python 3.51.0"
wrk.headers["X-Stainless-Lang"] = "python"
%s
done = function(summary, latency, requests)
  io.write(string.format("FOUND %%d %%d %%d %%d %%d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), summary.errors.status + summary.errors.read + summary.errors.timeout))
end
"""


def driven(folder: Path, way: Way, asked: Asked, at_once: int, seconds: float) -> dict[str, float]:
    """``wrk`` at one way: microseconds at the middle and the 99th of a hundred, and of CPU for each call."""
    script = folder / "ask.lua"
    path, body, headers = asked
    more = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items())
    script.write_text(SCRIPT % (path, body.decode(), KEY, more))
    pids = way.pids()
    before = cpu(pids)
    command = ["wrk", "-t1", f"-c{at_once}", f"-d{seconds:g}s", "-s", script, f"http://127.0.0.1:{way.port}"]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    used = cpu(pids) - before
    line = next(one for one in ended.stdout.splitlines() if one.startswith("FOUND"))
    calls, took, middle, last, failed = (int(one) for one in line.split()[1:])
    if failed and way.peer is None:
        raise RuntimeError(f"{failed} of {calls} calls failed")
    figures = {"p50": middle, "p99": last, "cpu": used * 1e6 / calls, "calls": calls, "rate": calls * 1e6 / took}
    return {**figures, "failed": failed * 100 / calls}


async def streams(way: Way, at_once: int) -> list[float]:
    """Seconds until the first event of each of so many streams, over connections that are open.

    They begin at any moment of the half second that one takes, so that all are under way together.
    """
    request = asking(*way.request("paced"))
    lines = [await asyncio.open_connection("127.0.0.1", way.port) for _ in range(at_once)]

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> float:
        await asyncio.sleep(random.random() * EVENTS / 100)
        began = time.perf_counter()
        writer.write(request)
        await reader.readuntil(b"data: ")
        first = time.perf_counter() - began
        await reader.readuntil(b"[DONE]")
        await reader.readuntil(b"0\r\n\r\n")
        return first

    found: list[float] = []
    for turn in range(3):
        answered = await asyncio.gather(*(one(*line) for line in lines))
        found += answered if turn else []
    for _, writer in lines:
        writer.close()
    return found


def measured_streams(way: Way, at_once: int) -> dict[str, float]:
    pids = way.pids()
    before = cpu(pids)
    found = sorted(uvloop.run(streams(way, at_once)))
    used = cpu(pids) - before
    last = found[min(len(found) - 1, len(found) * 99 // 100)]
    return {
        "first_p50": found[len(found) // 2] * 1e6,
        "first_p99": last * 1e6,
        "event": used * 1e6 / (3 * at_once * EVENTS),
    }


def summed_up(rounds: list[dict[str, float]], of: Callable[[Iterable[float]], float]) -> dict[str, float]:
    """One figure for each over the rounds."""
    return {name: of(one[name] for one in rounds) for name in rounds[0]}


def show(title: str, found: dict[str, dict[str, float]], columns: dict[str, str]) -> None:
    print(f"\n{title}")
    print(f"{'':10}" + "".join(f"{words:>22}" for words in columns.values()))
    for name, one in found.items():
        print(f"{name:10}" + "".join(f"{one[column]:22,.1f}" for column in columns if column in one))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--streams", type=int, nargs="*", default=[32, 500], help="at once")
    options.add_argument("--peers", type=Path, help="a folder to install LiteLLM and Portkey into")
    options.add_argument("--json", type=Path)
    options.add_argument("--lowest", action="store_true", help="of several rounds, for a machine that others use too")
    chosen = options.parse_args()
    of: Callable[[Iterable[float]], float] = min if chosen.lowest else statistics.median
    every: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with ways(folder, chosen.peers) as found:
            for title, which, at_once in (
                ("one call after the other", "plain", 1),
                ("32 calls at once", "plain", 32),
                ("one after the other, the provider takes 20 ms", "slow", 1),
            ):
                rounds: dict[str, list[dict[str, float]]] = {name: [] for name in found}
                for _ in range(chosen.rounds):
                    for name, way in found.items():
                        rounds[name].append(driven(folder, way, way.request(which), at_once, chosen.seconds))
                figures = {name: summed_up(each, of) for name, each in rounds.items()}
                for one in figures.values():
                    one["added"] = one["p50"] - figures["direct"]["p50"]
                    one["added_p99"] = one["p99"] - figures["direct"]["p99"]
                    one["a_second"] = 1e6 / one["cpu"] if one["cpu"] else 0.0
                every[title] = figures
                columns = {"p50": "p50 us", "added": "added p50 us", "added_p99": "added p99 us"}
                columns |= {"cpu": "CPU us a call", "a_second": "calls a CPU second", "failed": "% failed"}
                show(title, figures, columns)
            way = found["written"]
            asked = (MESSAGES, named(ASKED, "secure/gpt-4o-mini"), dict[str, str]())
            taken = [driven(folder, way, asked, 32, chosen.seconds) for _ in range(chosen.rounds)]
            translated = summed_up(taken, of)
            translated["a_second"] = 1e6 / translated["cpu"]
            every["translated, over TLS"] = {"written": translated}
            show(
                "translated, over TLS, 32 at once",
                {"written": translated},
                {"cpu": "CPU us a call", "a_second": "calls a CPU second"},
            )
            ours = {name: way for name, way in found.items() if way.peer is None}
            rounds = {name: [] for name in ours}
            for _ in range(chosen.rounds):
                for name, way in ours.items():
                    rounds[name].append(driven(folder, way, way.request("quick"), 32, chosen.seconds))
            figures = {name: summed_up(each, of) for name, each in rounds.items()}
            for one in figures.values():
                one["event"] = one["cpu"] / EVENTS
            every["quick streams"] = figures
            show("32 streams at once, each event as soon as it can be sent", figures, {"event": "CPU us an event"})
            for at_once in chosen.streams:
                rounds = {name: [] for name in ours}
                for _ in range(chosen.rounds):
                    for name, way in ours.items():
                        rounds[name].append(measured_streams(way, at_once))
                figures = {name: summed_up(each, of) for name, each in rounds.items()}
                for one in figures.values():
                    one["added"] = one["first_p50"] - figures["direct"]["first_p50"]
                every[f"{at_once} streams"] = figures
                columns = {"first_p50": "first event p50 us", "added": "added us", "event": "CPU us an event"}
                show(f"{at_once} streams at once, an event each 10 ms", figures, columns)
            held = {name: {"memory": memory(way.pid)} for name, way in found.items() if way.gateway or way.peer}
            every["memory"] = held
            show("memory of a worker afterwards", held, {"memory": "MB"})
    if chosen.json:
        chosen.json.write_text(json.dumps({"model_calls": every}, indent=2) + "\n")


if __name__ == "__main__":
    main()
