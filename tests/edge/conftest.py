"""A running edge with a stand-in for control, and a client that dials loopback and names the host."""

from __future__ import annotations

import asyncio
import base64
import hmac
import http.client
import json
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import uvloop
from tests.edge.control_for_tests import Control

from greenlane.edge.fake import FakeRuntime, FakeSink
from greenlane.edge.options import EdgeOptions
from greenlane.edge.process import Edge
from greenlane.kit.blobs import Blobs

VISIT_KEY = "5e" * 32
BEGUN = "b0" * 16
"""What the browsers of these tests were given when they were sent to sign in."""
HTML = "text/html,application/xhtml+xml,*/*;q=0.8"


class Got:
    """An answer."""

    def __init__(self, status: int, headers: http.client.HTTPMessage, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def problem(self) -> dict[str, Any]:
        assert self.headers["Content-Type"] == "application/problem+json"
        problem = json.loads(self.body)
        assert problem["status"] == self.status
        return problem

    @property
    def cookie(self) -> str:
        """The first cookie that was set, as the browser sends it back."""
        return self.headers["Set-Cookie"].partition(";")[0]


class World:
    """An edge and a control on one event loop in a thread, an artifact store, and what is published."""

    def __init__(self, folder: Path, **options: Any) -> None:
        # a socket's path may have 107 bytes, and pytest's folders are long
        self._short = tempfile.TemporaryDirectory(prefix="gl-")
        self.run = Path(self._short.name)
        self.folder = folder
        self.blobs = Blobs(folder / "blobs")
        self.sink = FakeSink()
        self.runtime = FakeRuntime()
        self.loop = uvloop.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.table: dict[str, Any] = {
            "version": 1,
            "console_host": "localhost:4180",
            "apps_domain": "localhost",
            "scheme": "http",
            "lease": {"page": 60.0, "token": 30.0},
            "hosts": {},
            "deploys": {},
            "people": {
                "p_ada": {"teams": ["t_sales"], "active": True},
                "p_bob": {"teams": ["t_other"], "active": True},
                "p_eve": {"teams": ["t_sales"], "active": False},
            },
            "sessions": {hashed("ada"): "p_ada", hashed("bob"): "p_bob", hashed("eve"): "p_eve"},
            "tokens": {},
            "previews": {},
            "shares": {},
            "visit_key": VISIT_KEY,
        }
        self.control = Control(self.run, self.table)
        self.options = EdgeOptions(
            blobs=folder / "blobs",
            folder=folder / "edge",
            feed_socket=self.control.feed_socket,
            control_socket=self.control.console_socket,
            gateway_socket=self.run / "gateway.sock",
            runtime_socket=self.run / "runtime.sock",
            runs_socket=self.run / "runs.sock",
            identity_keys=folder / "keys" / "identity",
            known_keys=folder / "known",
            sink=lambda: self.sink,
            port=0,
            grace=1.0,
            **options,
        )
        self.edge: Edge
        self.port = 0

    def call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def start(self, *, control: bool = True) -> None:
        if control:
            self.call(self.control.start())
        self.start_edge()
        if control:
            self.call(self.control.until(lambda: self.table["version"] in self.control.acknowledged))

    def start_edge(self) -> None:
        async def start() -> tuple[Edge, int]:
            edge = Edge(self.options, self.runtime)
            return edge, await edge.start()

        self.edge, self.port = self.call(start())

    def stop(self) -> None:
        self.call(self.edge.stop())
        self.call(self.control.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
        self._short.cleanup()

    # What is published.

    def deploy(self, name: str, files: Mapping[str, bytes | tuple[bytes, str]]) -> str:
        """Store an artifact; returns the digest of its manifest."""
        entries = {}
        for path, content in files.items():
            data, kind = content if isinstance(content, tuple) else (content, "")
            entries[path] = {"sha256": self.blobs.put(data), "size": len(data), "type": kind}
        digest = self.blobs.put(json.dumps({"files": entries}).encode())
        self.table["deploys"][name] = digest
        return digest

    def host(self, name: str, deploy: str, rung: str = "public", **more: Any) -> dict[str, Any]:
        """An entry for one host, also put into the table."""
        entry = {
            "app": name.partition(".")[0],
            "environment": "production",
            "deploy": deploy,
            "noindex": False,
            "audience": {"rung": rung, "people": [], "teams": ["t_sales"] if rung == "team" else []},
            "csp": "default-src 'self'",
            "csp_report_only": False,
            "passport": "sha256:" + sha256(deploy.encode()).hexdigest(),
            "state": "live",
            "says": "",
            **more,
        }
        self.table["hosts"][name] = entry
        return entry

    def change(self, drop: dict[str, Any] | None = None, **put: Any) -> None:
        self.call(self.control.change(put, drop))

    def token(self, secret: str, **more: Any) -> None:
        entry = {"person": "p_ada", "scopes": ["visit"], "expires": None, **more}
        self.change(tokens={hashed(secret): entry})

    # Asking.

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def get(self, host: str, path: str = "/", **headers: str) -> Got:
        return self.ask("GET", host, path, **headers)

    def ask(self, method: str, host: str, path: str = "/", body: bytes | None = None, **headers: str) -> Got:
        """Field names are written with underscores: ``If_None_Match``."""
        connection = self.connect()
        try:
            fields = {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
            connection.request(method, path, body, fields)
            answer = connection.getresponse()
            return Got(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def raw(self, data: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as peer:
            peer.sendall(data)
            received = b""
            while piece := peer.recv(65536):
                received += piece
            return received

    def code(self, host: str, session: str = "ada", key: str = VISIT_KEY, **more: Any) -> str:
        """The code that control sends a browser back with."""
        claims = {"host": host, "session": hashed(session), "person": "p_ada", "exp": time.time() + 60, "jti": "1"}
        payload = json.dumps({**claims, "begun": hashed(BEGUN), **more}).encode()
        mac = hmac.new(bytes.fromhex(key), payload, sha256).hexdigest()
        return base64.urlsafe_b64encode(payload).rstrip(b"=").decode() + "." + mac

    def sign_in(self, host: str, session: str = "ada") -> str:
        """A visit's cookie, got as a browser gets it."""
        code = self.code(host, session, jti=f"{session}-{time.monotonic_ns()}")
        answer = self.back(host, code)
        assert answer.status == 302, answer.body
        return answer.cookie

    def back(self, host: str, code: str, to: str = "/") -> Got:
        """The browser that was sent to sign in comes back with a code."""
        both = f"__Host-greenlane-begun={BEGUN}; greenlane-begun={BEGUN}"
        return self.get(host, f"/.greenlane/visit?code={code}&to={to}", Accept=HTML, Cookie=both)


def hashed(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world with one public app, one of a team, and a preview of it."""
    made = World(tmp_path)
    furnish(made)
    made.start()
    yield made
    made.stop()


def furnish(made: World) -> None:
    made.deploy("d1aaaaaaa", SITE)
    made.host("open.localhost", "d1aaaaaaa")
    made.host("board.localhost", "d1aaaaaaa", "team")
    made.host(
        "d1aaaaaaa--board.localhost", "d1aaaaaaa", "team", environment="preview", noindex=True, csp_report_only=True
    )


SITE: dict[str, bytes | tuple[bytes, str]] = {
    "index.html": b"<!doctype html><title>Board</title>" + b"<p>vendors</p>" * 100,
    "about.html": b"<!doctype html><title>About</title>",
    "docs/index.html": b"<!doctype html><title>Docs</title>",
    "docs/a b.txt": b"with a space",
    "caf\u00e9.txt": b"coffee",
    "404.html": b"<!doctype html><title>Lost</title>",
    "style.css": b"body { color: green }\n" * 100,
    "tiny.js": (b"1", "text/javascript"),
    "logo.png": bytes(range(256)) * 16,
    "data.json": json.dumps(list(range(1000))).encode(),
    "large.bin": bytes(range(256)) * 8192,
    "noise.txt": b"short",
}
