"""A 10 KB file of a private app, with the identity check on, against nginx and Caddy as Debian ships them.

    python benchmarks/edge.py [--rounds 5] [--seconds 4] [--json FILE]

Needs two cores and ``apt-get install nginx-light caddy wrk``. Each server is pinned to the first core, the load generator
(wrk, 32 connections) to the second; the servers take turns, round by round. What is compared is requests per second of
CPU time of the server's whole process tree (/proc), which a busy neighbour disturbs less than requests per second. The
other two serve the same bytes to anybody; only ours looks at a cookie and asks whether its person may open the app.

``same heads`` is a browser or robot asking again with the same bytes, which our edge answers from its memory of heads;
``new heads`` never repeats one, so that each is read, checked and answered anew.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import http.client
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from greenlane.edge.fake import FakeSink
from greenlane.edge.options import EdgeOptions
from greenlane.edge.process import run
from greenlane.kit.blobs import Blobs

HOST = "board.localhost"
KEY = "5e" * 32
SESSION = sha256(b"session").hexdigest()
PAGE = b"<!doctype html><title>Board</title>" + b"<p>vendors</p>\n" * 700
PAGE = PAGE[:10_240]
SERVER_CORE, LOAD_CORE = 0, 1
CONNECTIONS = 32
NEW_HEADS = 'local n = 0\nrequest = function() n = n + 1; wrk.headers["X-Request"] = n; return wrk.format() end\n'
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    name: str
    pid: int
    port: int


def cookie(host: str = HOST) -> str:
    seal = hmac.new(bytes.fromhex(KEY), f"visit|{host}|{SESSION}".encode(), sha256).hexdigest()
    return f"__Host-greenlane-visit={SESSION}.{seal}"


def table(folder: Path) -> dict[str, Any]:
    blobs = Blobs(folder / "blobs")
    files = {"index.html": {"sha256": blobs.put(PAGE), "size": len(PAGE), "type": "text/html"}}
    manifest = blobs.put(json.dumps({"files": files}).encode())
    entry = {
        "app": "board",
        "environment": "production",
        "deploy": "d1aaaaaaa",
        "audience": {"rung": "team", "people": [], "teams": ["t_sales"]},
        "csp": "default-src 'self'; connect-src 'self' https://api.example.com",
        "passport": "sha256:" + "0" * 64,
    }
    return {
        "version": 1,
        "console_host": "localhost",
        "apps_domain": "localhost",
        "scheme": "http",
        "lease": {"page": 60.0, "token": 1.0},
        "hosts": {HOST: entry},
        "deploys": {"d1aaaaaaa": manifest},
        "people": {"p_ada": {"teams": ["t_sales"], "active": True}},
        "sessions": {SESSION: "p_ada"},
        "visit_key": KEY,
    }


async def feed(path: Path, told: dict[str, Any]) -> None:
    """Control's part: the table, then a beat four times a second."""

    async def tell(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        message: dict[str, Any] = {"type": "table", "table": told}
        while not writer.is_closing():
            writer.write(json.dumps(message).encode() + b"\n")
            message = {"type": "beat"}
            await asyncio.sleep(0.25)

    async with await asyncio.start_unix_server(tell, str(path)) as server:
        await server.serve_forever()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pinned(core: int, command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["taskset", "-c", str(core), *command], stderr=subprocess.DEVNULL)


def edge_options(folder: Path, port: int) -> EdgeOptions:
    """An edge whose everything lies in one folder, answering on the loopback."""
    return EdgeOptions(
        blobs=folder / "blobs",
        folder=folder / "edge",
        feed_socket=folder / "feed.sock",
        control_socket=folder / "control.sock",
        gateway_socket=folder / "gateway.sock",
        runtime_socket=folder / "runtime.sock",
        runs_socket=folder / "runs.sock",
        identity_keys=folder / "identity",
        known_keys=folder / "known",
        sink=FakeSink,
        hosts=("127.0.0.1",),
        port=port,
    )


def serve(folder: Path, port: int) -> None:
    """This program as the edge's process."""
    run(edge_options(folder, port))


@contextmanager
def servers(folder: Path) -> Iterator[list[Server]]:
    site = folder / "site"
    site.mkdir()
    (site / "index.html").write_bytes(PAGE)
    for path in (folder, site, site / "index.html"):
        path.chmod(0o755)
    told = table(folder)
    threading.Thread(target=asyncio.run, args=(feed(folder / "feed.sock", told),), daemon=True).start()
    ports = {name: free_port() for name in ("edge", "nginx", "nginx, files kept open", "caddy")}
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        children["edge"] = pinned(
            SERVER_CORE, [sys.executable, __file__, "--serve", str(folder), "--port", str(ports["edge"])]
        )
        for name in ("nginx", "nginx, files kept open"):
            children[name] = pinned(SERVER_CORE, nginx(folder, site, ports[name], kept_open="kept" in name))
        children["caddy"] = pinned(SERVER_CORE, caddy(folder, site, ports["caddy"]))
        for name in children:
            check(name, ports[name])
        yield [Server(name, child.pid, ports[name]) for name, child in children.items()]
    finally:
        for child in children.values():
            child.terminate()
        for child in children.values():
            child.wait()


def nginx(folder: Path, site: Path, port: int, *, kept_open: bool) -> list[str]:
    """Debian's own configuration; only the paths, the port and one worker for the one core are ours."""
    text = Path("/etc/nginx/nginx.conf").read_text()
    mark = "kept" if kept_open else "plain"
    text = text.replace("/run/nginx.pid", str(folder / f"{mark}.pid")).replace("/var/log/nginx", str(folder))
    text = text.replace("worker_processes auto", "worker_processes 1")
    text = text.replace("include /etc/nginx/conf.d/*.conf;", "").replace(
        "include /etc/nginx/modules-enabled/*.conf;", ""
    )
    cache = "open_file_cache max=1000;" if kept_open else ""
    block = (
        f"server {{ listen 127.0.0.1:{port}; root {site}; index index.html; {cache} "
        "location / { try_files $uri $uri/ =404; } }"
    )
    text = text.replace("include /etc/nginx/sites-enabled/*;", block)
    configuration = folder / f"nginx-{mark}.conf"
    configuration.write_text(text)
    return ["nginx", "-c", str(configuration), "-g", "daemon off;"]


def caddy(folder: Path, site: Path, port: int) -> list[str]:
    configuration = folder / "Caddyfile"
    configuration.write_text(
        f"{{\n admin off\n auto_https off\n}}\nhttp://:{port} {{\n bind 127.0.0.1\n root * {site}\n file_server\n}}\n"
    )
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(configuration)]


def check(name: str, port: int) -> None:
    """Wait until a server gives the page to whom it should, and, if it is ours, to nobody else."""
    for _ in range(400):
        try:
            if ask(port, {"Host": HOST, "Cookie": cookie()}) == (200, PAGE):
                break
        except OSError:
            pass
        time.sleep(0.05)
    else:
        raise SystemExit(f"{name} does not serve the page.")
    if name == "edge" and ask(port, {"Host": HOST})[0] != 401:
        raise SystemExit("The edge serves a private page to anybody.")


def ask(port: int, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/", headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and its descendants by now."""
    total, waiting = 0, [pid]
    while waiting:
        one = waiting.pop()
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
        for task in Path(f"/proc/{one}/task").iterdir():
            waiting += map(int, (task / "children").read_text().split())
    return total / TICKS


def load(server: Server, seconds: float, script: Path | None) -> tuple[float, float]:
    """Requests per CPU second, and per second."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "-H", f"Host: {HOST}", "-H", f"Cookie: {cookie()}"]
    command += ["-s", str(script)] if script else []
    before, begun = cpu_seconds(server.pid), time.monotonic()
    done = subprocess.run(
        ["taskset", "-c", str(LOAD_CORE), *command, f"http://127.0.0.1:{server.port}/"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    elapsed, spent = time.monotonic() - begun, cpu_seconds(server.pid) - before
    found = re.search(r"(\d+) requests in", done)
    if found is None or "Non-2xx" in done:
        raise SystemExit(f"{server.name} did not serve the page throughout:\n{done}")
    count = int(found[1])
    return count / spent, count / elapsed


def measure(rounds: int, seconds: float) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="edge-bench-") as name, servers(Path(name)) as all_of_them:
        script = Path(name) / "new-heads.lua"
        script.write_text(NEW_HEADS)
        for kind, used in (("same heads", None), ("new heads", script)):
            runs: dict[str, list[tuple[float, float]]] = {server.name: [] for server in all_of_them}
            for server in all_of_them:
                load(server, 1, used)
            for _ in range(rounds):
                for server in all_of_them:
                    runs[server.name].append(load(server, seconds, used))
            per_cpu = {name: statistics.median(run[0] for run in of) for name, of in runs.items()}
            figures[kind] = {
                "per_cpu_second": {name: round(value) for name, value in per_cpu.items()},
                "per_second": {name: round(statistics.median(run[1] for run in of)) for name, of in runs.items()},
                "ratio": {
                    name: round(
                        statistics.median(ours[0] / theirs[0] for ours, theirs in zip(runs["edge"], of, strict=True)), 2
                    )
                    for name, of in runs.items()
                    if name != "edge"
                },
            }
    return figures


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=4)
    options.add_argument("--json", type=Path, help="also write the figures there")
    options.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--port", type=int, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.serve:
        serve(chosen.serve, chosen.port)
        return
    missing = [tool for tool in ("nginx", "caddy", "wrk", "taskset") if not shutil.which(tool)]
    if missing or (os.cpu_count() or 1) < 2:
        raise SystemExit(
            f"This needs two cores and: {', '.join(missing) or 'nothing else'} (apt-get install nginx-light caddy wrk)."
        )
    figures = measure(chosen.rounds, chosen.seconds)
    for kind, figure in figures.items():
        print(f"{kind}: requests per CPU second")
        for name, value in figure["per_cpu_second"].items():
            ratio = figure["ratio"].get(name)
            print(f"  {name:24} {value:>8,}" + (f"   ours / theirs {ratio:.2f}" if ratio else ""))
    print(json.dumps({"edge": figures}))
    if chosen.json:
        chosen.json.write_text(json.dumps({"edge": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
