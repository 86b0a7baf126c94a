"""The port on this machine at which a browser hands over its answer (RFC 8252, section 7.3)."""

from __future__ import annotations

import hmac
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from greenlane.govern.errors import Refused

PATH = "/callback"
LONGEST = 4096

PAGE = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Back to your terminal</title>
<h1>Go back to your terminal</h1><p>It has its answer. You can close this page.</p></html>
"""
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Length": str(len(PAGE)),
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


class Loopback:
    """Listens on 127.0.0.1 alone, on a port of its own, until it is left."""

    def __init__(self) -> None:
        heard: list[dict[str, str]] = []

        class Hears(BaseHTTPRequestHandler):
            timeout = 5.0

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                if parts.path != PATH or len(self.path) > LONGEST:
                    self.send_error(404)
                    return
                self.send_response(200)
                for name, value in HEADERS.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(PAGE)
                heard.append({name: values[0] for name, values in parse_qs(parts.query).items()})

            def log_message(self, format: str, *args: object) -> None:
                """A terminal has nothing to log."""

        self._heard = heard
        self._server = HTTPServer(("127.0.0.1", 0), Hears)

    @property
    def address(self) -> str:
        """Where the browser is to be led."""
        return f"http://127.0.0.1:{self._server.server_port}{PATH}"

    def answer(self, state: str, within: float) -> dict[str, str]:
        """What the browser brings for this ``state``; whatever else comes is nobody's. Raises ``Refused`` after
        ``within`` seconds.
        """
        until = time.monotonic() + within
        while (left := until - time.monotonic()) > 0:
            self._server.timeout = left
            self._server.handle_request()
            for one in self._heard:
                if hmac.compare_digest(one.get("state", "").encode(), state.encode()):
                    return one
            self._heard.clear()
        raise Refused("Nobody answered in time.", next_step="Type `greenlane login` once more.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.server_close()
