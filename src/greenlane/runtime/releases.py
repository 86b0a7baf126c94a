"""How a release is heard of: control tells it over a socket of its own, which only the platform's processes reach.

The socket speaks HTTP, ``GET /internal/releases/{app}/{environment}/{deploy}``; no public address leads to it.
"""

from __future__ import annotations

import os
import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import orjson

from greenlane.kit.errors import GreenlaneError, Unavailable
from greenlane.runtime.release import Key, Release
from greenlane.runtime.stage import Unknown

WITHIN = 10.0
_PREFIX = "/internal/releases/"

Tell = Callable[[Key], Release | None]
"""What control knows of a release; None when there is none."""


class _Local(HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("control", timeout=WITHIN)
        self._path = str(path)

    def connect(self) -> None:
        """Connect to the socket instead of an address."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ask_control(path: Path, key: Key) -> Release:
    """The release of that key. Raises ``Unknown``, ``Unavailable``."""
    asking = _Local(path)
    try:
        asking.request("GET", _PREFIX + "/".join(quote(part, safe="") for part in key))
        answer = asking.getresponse()
        body = orjson.loads(answer.read())
        if answer.status == HTTPStatus.OK:
            return Release.from_dict(body)
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        raise Unavailable(
            "This app was not started yet, and what it needs cannot be asked for just now.",
            next_step="Try again in a moment.",
            detail=repr(error),
        ) from error
    finally:
        asking.close()
    if answer.status == HTTPStatus.NOT_FOUND:
        raise Unknown("There is nothing to run here.", next_step="Deploy an app that runs.")
    raise Unavailable(str(body.get("says", "It cannot be started just now.")), next_step=str(body.get("next_step", "")))


class Teller:
    """Control's end. ``start`` and ``stop`` once each."""

    def __init__(self, path: Path, tell: Tell) -> None:
        self._path = path
        self._tell = tell
        self._server: socketserver.ThreadingUnixStreamServer | None = None

    def start(self) -> None:
        """Listen."""
        tell = self._tell

        class Answer(BaseHTTPRequestHandler):
            """One question, from this user alone."""

            def do_GET(self) -> None:
                """Tell a release."""
                credentials = self.request.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
                parts = [unquote(part) for part in self.path.removeprefix(_PREFIX).split("/")]
                if struct.unpack("3i", credentials)[1] != os.getuid() or len(parts) != len(Key._fields):
                    self._say(HTTPStatus.NOT_FOUND, {})
                    return
                try:
                    release = tell(Key(*parts))
                except GreenlaneError as error:
                    self._say(HTTPStatus.SERVICE_UNAVAILABLE, {"says": error.message, "next_step": error.next_step})
                else:
                    found = release is not None
                    self._say(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND, release.as_dict() if release else {})

            def _say(self, status: HTTPStatus, body: dict[str, Any]) -> None:
                content = orjson.dumps(body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def address_string(self) -> str:
                return "runtime"

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: a question is no event."""

        class Server(socketserver.ThreadingUnixStreamServer):
            """A thread for each question."""

            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Whoever hung up asks again."""

        self._path.unlink(missing_ok=True)
        self._server = Server(str(self._path), Answer)
        self._path.chmod(0o600)
        threading.Thread(target=self._server.serve_forever, args=(0.2,), name="releases", daemon=True).start()

    def stop(self) -> None:
        """Stop listening; what runs runs on."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._path.unlink(missing_ok=True)
