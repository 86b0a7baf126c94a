"""Where the edge hands in requests for background functions: one line of JSON each, on a socket of its own.

{"app", "environment", "deploy", "function", "who", "method", "target", "fields", "body"} -> {"run"} or
{"refused", "status", "says", "next_step"}. No public address leads to it. What was answered with a run is kept, whatever
ends afterwards.
"""

from __future__ import annotations

import os
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import structlog
from sqlalchemy.exc import DBAPIError

from greenlane.kit.errors import GreenlaneError

log = structlog.get_logger()

LONGEST_LINE = 1024 * 1024
"""Bytes of one request: a head, and a body of 256 KiB in base64."""

TakeIn = Callable[[Mapping[str, Any]], str]


class Reception:
    """Control's end. ``start`` and ``stop`` once each."""

    def __init__(self, path: Path, take_in: TakeIn) -> None:
        self._path = path
        self._take_in = take_in
        self._server: socketserver.ThreadingUnixStreamServer | None = None

    def start(self) -> None:
        """Listen."""
        answer = self._answer

        class Conversation(socketserver.StreamRequestHandler):
            """One edge, request after request."""

            def handle(self) -> None:
                credentials = self.request.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
                if struct.unpack("3i", credentials)[1] != os.getuid():
                    return
                while (line := self.rfile.readline(LONGEST_LINE)).endswith(b"\n"):
                    self.wfile.write(orjson.dumps(answer(line)) + b"\n")

        class Server(socketserver.ThreadingUnixStreamServer):
            """A thread for each edge that asks; one that hangs up in the middle is no event."""

            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Say nothing."""

        self._path.unlink(missing_ok=True)
        self._server = Server(str(self._path), Conversation)
        self._path.chmod(0o600)
        threading.Thread(target=self._server.serve_forever, args=(0.2,), name="reception", daemon=True).start()

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._path.unlink(missing_ok=True)

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            return {"run": self._take_in(orjson.loads(line))}
        except GreenlaneError as error:
            return {
                "refused": error.code,
                "status": error.status,
                "says": error.message,
                "next_step": error.next_step,
            }
        except (ValueError, KeyError, TypeError, DBAPIError) as error:
            log.warning("a request for a background function was not taken in", error=repr(error))
            return {
                "refused": "unavailable",
                "status": 503,
                "says": "This could not be written down just now, so it was not begun.",
                "next_step": "Send it again in a moment.",
            }
