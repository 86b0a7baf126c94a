"""An S3-compatible store goes away under a running Greenlane and returns: refused in words, served from memory, all goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.robustness.conftest import Starts
from tests.stories.running import until


class Store(ThreadingHTTPServer):
    """What of S3 is needed: put, get and look, by path. Away, it hangs up on everybody."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.kept: dict[str, bytes] = {}
        self.away = False
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever hangs up in the middle is no event."""

    @property
    def settings(self) -> dict[str, str]:
        """What an S3 client finds in its environment."""
        return {
            "GREENLANE_BLOBS": "s3://files/greenlane",
            "AWS_ENDPOINT": f"http://127.0.0.1:{self.server_port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "here",
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": "nobody knows",
        }


class _Asked(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Store

    def handle_one_request(self) -> None:
        if self.server.away:
            self.close_connection = True
            return
        super().handle_one_request()

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.away:
            self.close_connection = True
            return
        self.server.kept.setdefault(self.path, data)
        self._answer(200, b"")

    def do_GET(self) -> None:
        found = self.server.kept.get(self.path)
        self._answer(404 if found is None else 200, found or b"")

    do_HEAD = do_GET  # noqa: N815 - the method that http.server calls

    def _answer(self, status: int, body: bytes) -> None:
        if self.server.away:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("ETag", '"one"')
        self.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_said: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def store() -> Iterator[Store]:
    one = Store()
    yield one
    one.shutdown()
    one.server_close()


def test_a_store_that_is_away_is_told_and_found_again(store: Store, starts: Starts, site: Path):
    (site / "other.html").write_text("<!doctype html><title>Another page</title>")
    running = starts(store.settings)
    owner = running.owner
    owner.does("deploy", site, "--app", "board")
    owner.does("publish", "board")
    assert all(path.startswith("/files/greenlane/") for path in store.kept)
    assert len(store.kept) >= 3
    assert running.ask("board", token=owner.token).status == 200
    processes = running.processes()

    store.away = True
    (site / "index.html").write_text("<!doctype html><title>Vendor board</title><h1>Vendors, version 2</h1>")
    problem = owner.gets(1, "deploy", site, "--app", "board")
    assert (problem["status"], problem["code"]) == (503, "blobs-away")
    # what is in memory is served, what is not is never replaced by something else, and everything else works
    assert "version 1" in running.ask("board", token=owner.token).text
    other = running.ask("board", "/other.html", token=owner.token)
    assert (other.status, bool(other["retry-after"])) == (503, True)
    owner.does("lock", "board", "--why", "the store is away")
    owner.does("unlock", "board")
    assert running.ready()

    store.away = False
    until(lambda: running.ask("board", "/other.html", token=owner.token).status == 200, "the other page")
    again = owner.does("deploy", site, "--app", "board")
    assert again["upload"]["files"] == 2
    owner.does("publish", "board")
    assert "version 2" in running.ask("board", token=owner.token).text
    assert owner.does("ledger", "verify")["ok"]
    assert running.processes() == processes, "something had to be started again"
