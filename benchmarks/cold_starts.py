"""From a visitor's request for an app that sleeps to the first byte, beside a bare start of the same thing in the same run.

    python benchmarks/cold_starts.py [--rounds 15] [--sleeping 1000] [--kinds deno,asgi,...] [--json FILE]

The real edge and the real runtime process serve the apps, each in its full sandbox: run it as root, as `greenlane up` would
be, or get the slower way's figures. Between two rounds the app is put to sleep. The bare start is the same app started by
the same interpreter without any sandbox, edge or check, from spawning it to the first byte. Starlette, FastAPI, Flask and
Streamlit come from the package index (`uv pip install`), compiled, as a build leaves them.

Beside that: what one more live app takes of memory (PSS of everything that the runtime process started, so that what is
shared counts once), what 1,000 sleeping ones take in the edge and in the runtime process, and how long a quiet app takes to
answer beside one that takes all it can.
"""

from __future__ import annotations

import argparse
import asyncio
import compileall
import gc
import json
import logging
import multiprocessing
import os
import py_compile
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import structlog

from edge import SESSION, cookie, feed, free_port, table  # beside this file
from greenlane.edge import functions as edge_functions
from greenlane.edge.fake import FakeSink
from greenlane.edge.options import EdgeOptions
from greenlane.edge.process import run as run_edge
from greenlane.edge.table import Table
from greenlane.kit import digest
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import SystemClock
from greenlane.runtime import process as runtime_process
from greenlane.runtime.building import gathering
from greenlane.runtime.egress.fake import FakeWaysOut
from greenlane.runtime.fake import FakeDriver
from greenlane.runtime.jail import Limits
from greenlane.runtime.local import installed_deno
from greenlane.runtime.logs import Logs
from greenlane.runtime.process import RuntimeOptions
from greenlane.runtime.release import Key, Release
from greenlane.runtime.releases import Teller
from greenlane.runtime.stage import LONG_ASLEEP, Stage
from greenlane.store.keeping import Keeping

PLAIN = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"hello"})
"""
STARLETTE = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def hello(request):
    return PlainTextResponse("hello")

app = Starlette(routes=[Route("/", hello)])
"""
FASTAPI = """
from fastapi import FastAPI
from pydantic import BaseModel

class Hello(BaseModel):
    word: str

app = FastAPI()

@app.get("/")
async def hello() -> Hello:
    return Hello(word="hello")
"""
FLASK = """
from flask import Flask
app = Flask(__name__)

@app.get("/")
def hello():
    return "hello"
"""
FUNCTION = "export default (request: Request): Response => new Response('hello ' + request.method);\n"
GREEDY = (
    """
import os, threading

def fill():
    while True:
        if os.fork() == 0:
            kept = []
            while True:
                kept.append(b"x" * 1_000_000)
        try:
            os.wait()
        except OSError:
            pass

def fork():
    while True:
        try:
            if os.fork() == 0:
                while True:
                    pass
        except OSError:
            pass

for work in (fill, fork):
    threading.Thread(target=work, daemon=True).start()
"""
    + PLAIN
)
BARE_FUNCTION = """import hello from "./functions/hello.ts";
Deno.serve({ path: Deno.args[0] } as Deno.ServeUnixOptions, hello);
"""


@dataclass(frozen=True)
class App:
    """What is started. ``bare`` is its command line without a sandbox, given its folder, packages and socket or port."""

    kind: str
    entry: str
    files: Mapping[str, str]
    bare: Callable[[str, str], list[str]]
    packages: tuple[str, ...] = ()
    goal: float | None = None
    port: bool = False
    functions: tuple[dict[str, Any], ...] = field(default=())


def served(module: str) -> Callable[[str, str], list[str]]:
    return lambda _folder, place: [sys.executable, "-m", "uvicorn", "--log-level", "warning", "--uds", place, module]


WSGI = "import a2wsgi, main\napp = a2wsgi.WSGIMiddleware(main.app)\n"
APPS = {
    "deno": App(
        "functions", "", {"functions/hello.ts": FUNCTION, "bare.ts": BARE_FUNCTION},
        lambda folder, place: [str(installed_deno()), "run", "--quiet", "--no-lock", "-A", f"{folder}/bare.ts", place],
        goal=60,
        functions=({"name": "hello", "file": "functions/hello.ts", "path": ["/"], "methods": ["GET"], "schedule": "",
                    "background": False},),
    ),
    "asgi": App("asgi", "main:app", {"main.py": PLAIN}, served("main:app"), goal=120),
    "starlette": App("asgi", "main:app", {"main.py": STARLETTE}, served("main:app"), ("starlette",), 120),
    "fastapi": App("asgi", "main:app", {"main.py": FASTAPI}, served("main:app"), ("fastapi",), 120),
    "flask": App("wsgi", "main:app", {"main.py": FLASK, "bare.py": WSGI}, served("bare:app"), ("flask",), 120),
    "streamlit": App(
        "streamlit", "main.py", {"main.py": "import streamlit as st\nst.write('hello')\n"},
        lambda folder, place: [
            sys.executable, "-m", "streamlit", "run", f"{folder}/main.py", "--server.port", place, "--server.headless",
            "true", "--server.address", "127.0.0.1", "--server.fileWatcherType", "none",
            "--browser.gatherUsageStats", "false", "--global.developmentMode", "false",
        ],
        ("streamlit",), 500, port=True,
    ),
}  # fmt: skip
LIMITS = Limits(memory=512 * 1024**2, processes=256, cpu=1.0, files=4096, disk=1024**3)
LIVE = {"asgi": 12, "deno": 6}
"""How many at once, to see what one more takes."""


# -- the apps ----------------------------------------------------------------------------------------------------------


def installed(app: App, folder: Path) -> Path | None:
    """Its packages in a folder, compiled; None when it has none."""
    if not app.packages:
        return None
    target = folder / "packages" / "-".join(app.packages)
    target.mkdir(parents=True)
    uv = shutil.which("uv", path=f"{sys.prefix}/bin{os.pathsep}{os.environ['PATH']}")
    install = [uv, "pip", "install"] if uv else [sys.executable, "-m", "pip", "install"]
    subprocess.run([*install, "--quiet", "--target", str(target), *app.packages], check=True)
    compileall.compile_dir(target, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    return target


def stored(blobs: Blobs, files: Mapping[str, str]) -> str:
    entries = {
        path: {"sha256": blobs.put(text.encode()), "size": len(text.encode()), "type": "text/plain"}
        for path, text in files.items()
    }
    return blobs.put(digest.canonical({"files": entries}))


# -- bare --------------------------------------------------------------------------------------------------------------


def bare(app: App, folder: Path, packages: Path | None) -> float:
    """Milliseconds from spawning it to the first byte of its answer."""
    place = str(free_port()) if app.port else str(folder / "bare.sock")
    Path(place).unlink(missing_ok=True)
    paths = [str(folder), *([str(packages)] if packages else [])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "DENO_NO_UPDATE_CHECK": "1"}
    begun = time.perf_counter()
    child = subprocess.Popen(
        app.bare(str(folder), place), cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while True:
            with suppress(OSError), socket.socket(socket.AF_INET if app.port else socket.AF_UNIX) as line:
                line.connect(("127.0.0.1", int(place)) if app.port else place)
                line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                if line.recv(65536).startswith(b"HTTP/1.1 200"):
                    return (time.perf_counter() - begun) * 1000
            if child.poll() is not None:
                raise SystemExit(f"the bare {app.kind} ended with {child.returncode}")
            time.sleep(0.002)
    finally:
        child.kill()
        child.wait()


# -- through the edge --------------------------------------------------------------------------------------------------


def quiet() -> None:
    """What is told of each start would be told a thousand times."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def serve_runtime(folder: Path) -> None:
    quiet()
    runtime_process.EgressProcess = FakeWaysOut  # type: ignore[misc,assignment]  # no app here asks for anything outside
    runtime_process.run(
        RuntimeOptions(
            folder=folder / "runtime",
            socket=folder / "runtime.sock",
            releases=folder / "releases.sock",
            egress=folder,
            sandboxes=folder / "s",
            blobs=folder / "blobs",
            limits=LIMITS,
            idle=3600,
            known=folder / "known",
            edge=folder / "pictures.sock",
        ),
        Keeping(folder / "runtime", LIMITS.disk, 3, SystemClock()),
    )


def serve_edge(folder: Path, port: int) -> None:
    quiet()
    run_edge(
        EdgeOptions(
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
    )


def many_hosts(told: dict[str, Any], apps: Mapping[str, App]) -> dict[str, Any]:
    [(_, entry)] = told["hosts"].items()
    told["hosts"] = {
        f"{name}.localhost": {
            **entry,
            "app": name,
            "deploy": f"d{name}",
            "run": {"kind": app.kind, "functions": edge_functions.entries(app.functions)},
        }
        for name, app in apps.items()
    }
    [manifest] = told["deploys"].values()
    told["deploys"] = dict.fromkeys((entry["deploy"] for entry in told["hosts"].values()), manifest)
    told["people"]["p_ada"] |= {"name": "Ada", "email": "ada@example.com"}
    assert told["sessions"][SESSION] == "p_ada"
    return told


class House:
    """The edge and the runtime process, and what control would tell them."""

    def __init__(self, folder: Path, apps: Mapping[str, App], layers: Mapping[str, str]) -> None:
        self.folder = folder
        self.port = free_port()
        blobs = Blobs(folder / "blobs")
        self._releases = {
            name: Release(
                key=Key(name, "production", f"d{name}"),
                kind=app.kind,
                entry=app.entry,
                files=stored(blobs, app.files),
                functions=app.functions,
                layers=(layers[name],) if name in layers else (),
            )
            for name, app in apps.items()
        }
        self.table = many_hosts(table(folder), apps)

    @contextmanager
    def open(self) -> Iterator[None]:
        teller = Teller(self.folder / "releases.sock", lambda key: self._releases[key.app])
        teller.start()
        threading.Thread(target=asyncio.run, args=(feed(self.folder / "feed.sock", self.table),), daemon=True).start()
        context = multiprocessing.get_context("spawn")
        self.runtime = context.Process(target=serve_runtime, args=(self.folder,))
        self._edge = context.Process(target=serve_edge, args=(self.folder, self.port))
        for child in (self.runtime, self._edge):
            child.start()
        try:
            yield
        finally:
            for child in (self._edge, self.runtime):
                if child.pid is not None:
                    os.kill(child.pid, signal.SIGTERM)
                child.join()
            teller.stop()

    def first_byte(self, app: str) -> float:
        """Milliseconds until an app's answer begins, asked by a program, which waits for it."""
        host = f"{app}.localhost"
        ask = f"GET / HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie(host)}\r\nAccept: application/json\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as line:
            begun = time.perf_counter()
            line.sendall(ask)
            answer = line.recv(65536)
            took = (time.perf_counter() - begun) * 1000
        if not answer.startswith(b"HTTP/1.1 200"):
            raise OSError(answer[:2000].decode("utf-8", "replace"))
        return took

    def patiently(self, app: str) -> None:
        """Until it answers at all: the processes start, its files are unpacked and prepared."""
        for _ in range(300):
            with suppress(OSError):
                self.first_byte(app)
                return
            time.sleep(0.2)
        self.first_byte(app)

    def put_to_sleep(self, app: str) -> None:
        self._ask({"ask": "forget", **self._releases[app].key._asdict()})

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self.folder / "runtime.sock"))
            line.sendall(json.dumps(question).encode() + b"\n")
            answer: dict[str, Any] = json.loads(line.makefile("rb").readline())
        return answer


def memory_of(pid: int) -> float:
    """MiB of a process and all that it started, each shared page counted once (PSS, proc_pid_smaps_rollup(5))."""
    children: dict[int, list[int]] = {}
    for one in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            parent = int(one.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(one.parent.name))
    waiting, total = [pid], 0
    while waiting:
        one = waiting.pop()
        waiting += children.get(one, [])
        with suppress(OSError):
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1024


# -- measuring ---------------------------------------------------------------------------------------------------------


def starts(folder: Path, names: list[str], rounds: int) -> dict[str, Any]:
    apps = {name: APPS[name] for name in names}
    blobs = Blobs(folder / "blobs")
    packages = {name: installed(app, folder) for name, app in apps.items()}
    layers = {}
    for name, place in packages.items():
        if place is not None:
            layers[name] = gathering.pack(place, blobs, gathering.Bounds(), within=folder)["digest"]
    for name, app in apps.items():
        for path, text in app.files.items():
            file = folder / "bare" / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    house = House(folder, apps, layers)
    cold: dict[str, list[float]] = {name: [] for name in names}
    without: dict[str, list[float]] = {name: [] for name in names}
    with house.open():
        for name in names:
            house.patiently(name)
        for _ in range(rounds):
            for name, app in apps.items():
                house.put_to_sleep(name)
                without[name].append(bare(app, folder / "bare" / name, packages[name]))
                cold[name].append(house.first_byte(name))
    figures = {}
    for name in names:
        ours, floor = spread(cold[name]), spread(without[name])
        figures[name] = {
            "cold ms p50, p95": ours,
            "bare ms p50, p95": floor,
            "of bare p50": round(ours[0] / floor[0], 2),
            "goal p95": apps[name].goal,
        }
    return figures


def spread(values: list[float]) -> tuple[float, float]:
    return round(statistics.median(values), 1), round(statistics.quantiles(values, n=20)[18], 1)


def live(folder: Path, kind: str, count: int) -> dict[str, float]:
    """MiB for one more live app, and how many a GB holds."""
    apps = {f"{kind}{number:02}": APPS[kind] for number in range(count + 1)}
    house = House(folder, apps, {})
    with house.open():
        first, *rest = apps
        house.patiently(first)
        assert house.runtime.pid is not None
        time.sleep(1)
        before = memory_of(house.runtime.pid)
        for name in rest:
            house.patiently(name)
        time.sleep(1)
        each = (memory_of(house.runtime.pid) - before) / count
    return {"MiB each": round(each, 1), "per GB": int(1024 / each)}


def fairness(folder: Path, requests: int) -> dict[str, Any]:
    """How long a quiet app takes to answer, alone and beside one that burns, forks and fills all it can, with 10,000
    connections held open to it.
    """
    apps = {"quiet": APPS["asgi"], "greedy": replace(APPS["asgi"], files={"main.py": GREEDY})}
    house = House(folder, apps, {})
    lines: list[socket.socket] = []
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with house.open():
        house.patiently("quiet")
        alone = spread([house.first_byte("quiet") for _ in range(requests)])
        with suppress(OSError):
            house.first_byte("greedy")
        ask = f"GET / HTTP/1.1\r\nHost: greedy.localhost\r\nCookie: {cookie('greedy.localhost')}\r\n\r\n".encode()
        with suppress(OSError):
            while len(lines) < 10_000:
                lines.append(socket.create_connection(("127.0.0.1", house.port), timeout=1))
                lines[-1].sendall(ask)
        beside = spread([house.first_byte("quiet") for _ in range(requests)])
        held = len(lines)
        for line in lines:
            line.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return {
        "alone ms p50, p95": alone,
        "beside a greedy one ms p50, p95": beside,
        "p95 ratio": round(beside[1] / alone[1], 1),
        "connections held": held,
    }


def sleeping(folder: Path, count: int) -> dict[str, float]:
    """Bytes that each app takes that was woken once and sleeps, in the runtime process, at first and after an hour, and in
    the edge's table.
    """
    driver, passed = FakeDriver(folder), [0.0]
    stage = Stage(
        driver,
        lambda key: Release(key, "asgi", "main:app", "sha256:" + "0" * 64),
        Logs(folder, SystemClock()),
        idle=60,
        clock=lambda: time.monotonic() + passed[0],
    )
    told = many_hosts(table(folder), {f"app-{number}": APPS["asgi"] for number in range(count)})
    told["deploys"] = {deploy: "sha256:" + digest.bare(digest.of(deploy)) for deploy in told["deploys"]}

    def all_asleep() -> None:
        for number in range(count):
            key = Key(f"app-{number}", "production", f"d{number}")
            assert "socket" in stage.endpoint(key, 10)
            stage.sleep(key)
        driver.started.clear()
        driver.running.clear()

    kept: list[Any] = []

    def in_the_table() -> None:
        kept.append(Table())
        kept[0].replace(json.loads(json.dumps(told)))

    taken = {}
    for name, act in (("runtime", all_asleep), ("edge", in_the_table)):
        gc.collect()
        tracemalloc.start()
        act()
        gc.collect()
        taken[name] = round(tracemalloc.get_traced_memory()[0] / count)
        if name == "runtime":
            passed[0] = LONG_ASLEEP + 60
            stage.look()
            gc.collect()
            taken["runtime, an hour later"] = round(tracemalloc.get_traced_memory()[0] / count)
        tracemalloc.stop()
    stage.close()
    return {f"bytes in the process: {name}": value for name, value in taken.items()}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=30, help="cold starts of each app")
    options.add_argument("--kinds", default=",".join(APPS), help="which apps")
    options.add_argument("--sleeping", type=int, default=1000)
    options.add_argument("--no-memory", action="store_true", help="leave out live and sleeping apps, and fairness")
    options.add_argument("--json", type=Path, help="also write the figures there")
    chosen = options.parse_args()
    quiet()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="cs-") as name:
        figures["starts"] = starts(Path(name), chosen.kinds.split(","), max(2, chosen.rounds))
    for kind, told in figures["starts"].items():
        print(f"{kind}: {told}", flush=True)
    if not chosen.no_memory:
        for kind, count in LIVE.items():
            with tempfile.TemporaryDirectory(prefix="cs-") as name:
                figures[f"live {kind}"] = live(Path(name), kind, count)
            print(f"live {kind}: {figures[f'live {kind}']}", flush=True)
        with tempfile.TemporaryDirectory(prefix="cs-") as name:
            figures["fairness"] = fairness(Path(name), 200)
        print(f"fairness: {figures['fairness']}", flush=True)
        with tempfile.TemporaryDirectory(prefix="cs-") as name:
            figures["sleeping"] = sleeping(Path(name), chosen.sleeping)
        print(f"sleeping: {figures['sleeping']}")
    if chosen.json:
        chosen.json.write_text(json.dumps({"cold_starts": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
