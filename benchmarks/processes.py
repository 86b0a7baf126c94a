"""The real edge and the real runtime process with some apps, told what control would tell them."""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import structlog
from apps import App  # beside this file

from edge import SESSION, cookie, edge_options, feed, free_port, table  # beside this file
from greenlane.edge import functions as edge_functions
from greenlane.edge.process import run as run_edge
from greenlane.kit import digest
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import SystemClock
from greenlane.runtime import process as runtime_process
from greenlane.runtime.egress.fake import FakeWaysOut
from greenlane.runtime.jail import Limits
from greenlane.runtime.process import RuntimeOptions
from greenlane.runtime.release import Key, Release
from greenlane.runtime.releases import Teller
from greenlane.store.keeping import Keeping

LIMITS = Limits(memory=512 * 1024**2, processes=256, cpu=1.0, files=4096, disk=1024**3)


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
    run_edge(edge_options(folder, port))


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


def stored(blobs: Blobs, files: Mapping[str, str]) -> str:
    entries = {
        path: {"sha256": blobs.put(text.encode()), "size": len(text.encode()), "type": "text/plain"}
        for path, text in files.items()
    }
    return blobs.put(digest.canonical({"files": entries}))


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
