"""The apps of the cold starts: one of each kind that runs, as small as it can be, with its command without a sandbox."""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge import free_port  # beside this file
from greenlane.runtime.local import installed_deno

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
