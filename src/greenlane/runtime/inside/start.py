"""Start a Python app inside its sandbox so that it answers at one unix socket.

Usage: ``start.py KIND ENTRY``. The app's own files and packages come first; the server is the platform's, for apps that
bring none. An app that insists on a port gets one of its own network, and a bridge from the socket to it.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import runpy
import site
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

APP, PACKAGES, SERVER = "/app", "/packages", "/opt/greenlane/packages"
SOCKET = "/run/app/http.sock"
INSTANCE = "instance"
NOT_GIVEN = frozenset(["PATH", "HOME", "TMPDIR", "LANG", "PWD", "PYTHONPATH"])
"""What a sandbox sets itself; everything else is for the app."""
PORT = 8080
CHUNK = 65536
SELDOM = (50_000, 20, 100)
"""When garbage is looked for while an app is imported (``gc.set_threshold``): what is imported stays, and looking through
it again and again is a tenth of the import of FastAPI, measured. An app that makes garbage meanwhile is rid of it.
"""
USUAL = gc.get_threshold()
EARLY: frozenset[str] = frozenset()
"""What was imported beforehand, where that was done (``zygote.py``)."""


def main(kind: str, entry: str) -> None:
    """Run the app until it is told to stop."""
    sys.path[:] = [APP, *(one for one in sys.path if one != os.path.dirname(__file__))]  # noqa: PTH120  no pathlib: speed
    layers = sorted(os.listdir(PACKAGES)) if os.path.isdir(PACKAGES) else []  # noqa: PTH112, PTH208  speed
    for layer in layers:
        site.addsitedir(f"{PACKAGES}/{layer}")
    sys.path.append(SERVER)
    forget([APP, *(f"{PACKAGES}/{layer}" for layer in layers)])
    os.chdir(APP)
    gc.set_threshold(*SELDOM)
    STARTERS[kind](entry)


def forget(places: Sequence[str]) -> None:
    """Forget what was imported early and what the app brings itself: its own comes first, as if nothing had been."""
    if EARLY:
        brought = {name.partition(".")[0] for place in places for name in os.listdir(place)}  # noqa: PTH208  speed
        for name in EARLY:
            if name.partition(".")[0] in brought:
                sys.modules.pop(name, None)


def asgi(entry: str) -> None:
    """An app that speaks ASGI."""
    serve(found(entry))


def wsgi(entry: str) -> None:
    """An app that speaks WSGI: threads carry what blocks. Flask's own folder for what it writes leads into `/data`."""
    if os.path.islink(f"{APP}/{INSTANCE}"):  # noqa: PTH114  speed
        os.makedirs(f"/data/{INSTANCE}", exist_ok=True)  # noqa: PTH103  speed
    adapter = importlib.import_module("a2wsgi")
    serve(adapter.WSGIMiddleware(found(entry), workers=16))


def dash(entry: str) -> None:
    """A Dash app, or the Flask server within it."""
    app = found(entry)
    adapter = importlib.import_module("a2wsgi")
    serve(adapter.WSGIMiddleware(getattr(app, "server", app), workers=16))


def streamlit(entry: str) -> None:
    """A Streamlit script."""
    sys.argv = [
        *("streamlit", "run", entry, "--server.port", str(PORT), "--server.address", "127.0.0.1"),
        *("--server.headless", "true", "--server.fileWatcherType", "none", "--browser.gatherUsageStats", "false"),
        *(
            "--server.enableCORS",
            "false",
            "--server.enableXsrfProtection",
            "false",
            "--global.developmentMode",
            "false",
        ),
    ]
    hand_over_secrets(os.path.expanduser("~/.streamlit"))  # noqa: PTH111  speed
    threading.Thread(target=bridge, daemon=True).start()
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


def hand_over_secrets(folder: str) -> None:
    """Write the app's variables where `st.secrets` looks for them, in memory that this sandbox alone sees: scripts that
    were made for Streamlit's own hosting read them there and nowhere else.
    """
    given = [
        f"{json.dumps(name)} = {json.dumps(value, ensure_ascii=False)}\n"
        for name, value in os.environ.items()
        if name not in NOT_GIVEN and not name.lower().endswith("_proxy") and "\x7f" not in value
    ]
    os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103  speed
    with open(f"{folder}/secrets.toml", "w", encoding="utf-8", errors="replace") as file:  # noqa: PTH123  speed
        file.writelines(given)


def gradio(entry: str) -> None:
    """A Gradio script that launches itself."""
    os.environ.update(GRADIO_SERVER_NAME="127.0.0.1", GRADIO_SERVER_PORT=str(PORT), GRADIO_ANALYTICS_ENABLED="False")
    threading.Thread(target=bridge, daemon=True).start()
    runpy.run_path(entry, run_name="__main__")
    threading.Event().wait()  # a script that launched without blocking has come to its end, its server has not


STARTERS: dict[str, Callable[[str], None]] = {
    "asgi": asgi,
    "wsgi": wsgi,
    "dash": dash,
    "streamlit": streamlit,
    "gradio": gradio,
}


def found(entry: str) -> Any:
    """The object that ``module:object`` names; what it makes where that ends in ``()``."""
    module, _, names = entry.removesuffix("()").partition(":")
    thing: Any = importlib.import_module(module)
    for name in names.split("."):
        thing = getattr(thing, name)
    return thing() if entry.endswith("()") else thing


def serve(app: Any) -> None:
    """Answer at the socket."""
    settle()
    uvicorn = importlib.import_module("uvicorn")
    uvicorn.run(
        app, uds=SOCKET, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=10,
        forwarded_allow_ips="*", lifespan="auto",
    )  # fmt: skip


def settle() -> None:
    """The app is imported: look for garbage as usual, unless it has said otherwise itself."""
    if gc.get_threshold() == SELDOM:
        gc.set_threshold(*USUAL)


def bridge() -> None:
    """Lead from the socket to the port, once somebody listens there."""
    asyncio.run(_bridge())


async def _bridge() -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", PORT)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            break
    settle()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(SOCKET)
    os.chmod(SOCKET, 0o666)  # noqa: PTH101, S103  speed; before it listens: whoever leads visitors here is another user
    going: set[asyncio.Task[None]] = set()  # a loop holds its tasks weakly, and a line that is half closed holds none

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(_lead(reader, writer))
        going.add(task)
        task.add_done_callback(going.discard)

    server = await asyncio.start_unix_server(begin, sock=listener)
    await server.serve_forever()


async def _lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", PORT)
    except OSError:
        writer.close()
        return
    try:
        await asyncio.gather(_pump(reader, other_writer), _pump(other_reader, writer))
    finally:
        writer.close()
        other_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()
    except OSError:
        return


if __name__ == "__main__":
    main(*sys.argv[1:])
