"""Control's end of the feed: it owns the table, tells every edge of each change, and waits until they serve it.

The beat says that grants and revocations still come from here; an edge that hears none falls back to its lease.
"""

from __future__ import annotations

import queue
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import structlog

log = structlog.get_logger()

BEAT = 0.25
"""Seconds between two beats."""

PATIENCE = 2.0
"""Seconds that a change waits for the edges to serve it; one that is slower serves it when it gets there."""

SECTIONS = ("hosts", "deploys", "people", "sessions", "tokens", "previews", "shares")
"""The parts of a table that change entry by entry."""

Wanted = Callable[[str, str, str], None]


class Authority:
    """The table and the edges that follow it. Thread-safe.

    ``wanted`` is called with (deploy, directive, host) for what a preview tried to call.
    """

    def __init__(self, path: Path, table: dict[str, Any], wanted: Wanted) -> None:
        self._path = path
        self._table: dict[str, Any] = {"version": 1, **table}
        self._wanted = wanted
        self._lock = threading.Lock()
        self._acknowledged = threading.Condition()
        self._edges: dict[object, _Edge] = {}
        self._server: socketserver.ThreadingUnixStreamServer | None = None

    def start(self) -> None:
        """Listen for edges."""
        authority = self

        class Conversation(socketserver.StreamRequestHandler):
            """One edge, until it goes."""

            def handle(self) -> None:
                authority._serve(self.connection, self.rfile)

        class Server(socketserver.ThreadingUnixStreamServer):
            """A thread for each edge."""

            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """An edge that hangs up comes back by itself."""

        self._path.unlink(missing_ok=True)
        self._server = Server(str(self._path), Conversation)
        self._path.chmod(0o600)
        threading.Thread(target=self._server.serve_forever, args=(0.2,), name="authority", daemon=True).start()

    def stop(self) -> None:
        """Stop listening; edges serve on what they know."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._path.unlink(missing_ok=True)

    def change(self, put: Mapping[str, Mapping[str, Any]], within: Mapping[str, Callable[[str], bool]]) -> int:
        """Replace parts of the table and wait until the edges serve it. Returns the version.

        ``put`` has the new entries by section; ``within`` says which existing entries of a section they replace, so
        that those among them that are not in ``put`` are dropped.
        """
        with self._lock:
            news: dict[str, dict[str, Any]] = {}
            drop: dict[str, list[str]] = {}
            for section, entries in put.items():
                present: dict[str, Any] = self._table[section]
                gone = [name for name in present if name not in entries and within[section](name)]
                changed = {name: entry for name, entry in entries.items() if present.get(name) != entry}
                if changed:
                    news[section] = changed
                if gone:
                    drop[section] = gone
            if not news and not drop:
                return int(self._table["version"])
            for section, changed in news.items():
                self._table[section] = {**self._table[section], **changed}
            for section, gone in drop.items():
                self._table[section] = {name: e for name, e in self._table[section].items() if name not in set(gone)}
            self._table["version"] += 1
            version = int(self._table["version"])
            message = {"type": "change", "version": version, "set": news, "drop": drop}
            edges = list(self._edges.values())
            for edge in edges:
                edge.out.put(orjson.dumps(message) + b"\n")
        with self._acknowledged:
            self._acknowledged.wait_for(lambda: all(e.gone or e.version >= version for e in edges), PATIENCE)
        return version

    def entries(self, section: str) -> Mapping[str, Any]:
        """The present entries of a section."""
        found: Mapping[str, Any] = self._table[section]
        return found

    def edges(self) -> int:
        """How many edges follow."""
        return len(self._edges)

    def _serve(self, connection: socket.socket, incoming: Any) -> None:
        edge = _Edge()
        with self._lock:
            edge.out.put(orjson.dumps({"type": "table", "table": self._table}) + b"\n")
            self._edges[edge] = edge
        threading.Thread(target=edge.send, args=(connection,), name="authority-out", daemon=True).start()
        try:
            for line in incoming:
                self._hear(edge, orjson.loads(line))
        finally:
            with self._lock:
                self._edges.pop(edge, None)
            edge.gone = True
            with self._acknowledged:
                self._acknowledged.notify_all()

    def _hear(self, edge: _Edge, message: Mapping[str, Any]) -> None:
        if message.get("type") == "ack":
            with self._acknowledged:
                edge.version = int(message["version"])
                self._acknowledged.notify_all()
        elif message.get("type") == "wanted":
            self._wanted(str(message["deploy"]), str(message["directive"]), str(message["host"]))


class _Edge:
    """One edge that follows: what is to be sent, and how far it got."""

    def __init__(self) -> None:
        self.out: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.version = 0
        self.gone = False

    def send(self, connection: socket.socket) -> None:
        """Send what there is, and a beat when there is nothing."""
        beat = orjson.dumps({"type": "beat"}) + b"\n"
        try:
            while not self.gone:
                try:
                    connection.sendall(self.out.get(timeout=BEAT))
                except queue.Empty:
                    connection.sendall(beat)
        except OSError:
            self.gone = True
