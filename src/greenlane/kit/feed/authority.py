"""The owner's end of a feed: it owns a table, tells every follower of each change, and waits until they serve it.

The beat says that the owner is there; a follower that hears none knows that what it serves may be out of date.
"""

from __future__ import annotations

import queue
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

BEAT = 0.25
"""Seconds between two beats."""

PATIENCE = 2.0
"""Seconds that a change waits for the followers to serve it; one that is slower serves it when it gets there."""


class Follower:
    """One process that follows: what is to be sent, and how far it got."""

    def __init__(self) -> None:
        self._out: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.version = 0
        """The newest version of the table that it serves; 0 before it said so."""
        self.gone = False

    def tell(self, message: Mapping[str, Any]) -> None:
        """Say something to this one as soon as what was said before is out. Nothing is heard by one that is gone."""
        self.put(orjson.dumps(message) + b"\n")

    def put(self, line: bytes) -> None:
        """The same, written already."""
        self._out.put(line)

    def send(self, connection: socket.socket) -> None:
        """Send what there is, and a beat when there is nothing."""
        beat = orjson.dumps({"type": "beat"}) + b"\n"
        try:
            while not self.gone:
                try:
                    connection.sendall(self._out.get(timeout=BEAT))
                except queue.Empty:
                    connection.sendall(beat)
        except OSError:
            self.gone = True


@dataclass(frozen=True, slots=True)
class Said:
    """A version of the table, and the followers who were told of it."""

    version: int
    to: tuple[Follower, ...]


Heard = Callable[[Follower, Mapping[str, Any]], None]


def _nobody(_follower: Follower) -> None:
    """What there is to do about one that went, where nobody wants to know."""


class Authority:
    """A table and those who follow it. Thread-safe. Its sections are the parts that change entry by entry.

    ``heard`` is called with each message that is not an acknowledgement, on the follower's own thread and in the order in
    which it said them; ``left`` is called after the last of them.
    """

    def __init__(
        self,
        path: Path,
        table: Mapping[str, Any],
        heard: Heard,
        left: Callable[[Follower], None] = _nobody,
    ) -> None:
        self._path = path
        self._table: dict[str, Any] = {"version": 1, **table}
        self._heard = heard
        self._left = left
        self._lock = threading.Lock()
        self._acknowledged = threading.Condition()
        self._followers: dict[object, Follower] = {}
        self._server: socketserver.ThreadingUnixStreamServer | None = None

    def start(self) -> None:
        """Listen for followers."""
        authority = self

        class Conversation(socketserver.StreamRequestHandler):
            """One follower, until it goes."""

            def handle(self) -> None:
                authority._serve(self.connection, self.rfile)

        class Server(socketserver.ThreadingUnixStreamServer):
            """A thread for each follower."""

            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A follower that hangs up comes back by itself."""

        self._path.unlink(missing_ok=True)
        self._server = Server(str(self._path), Conversation)
        self._path.chmod(0o600)
        threading.Thread(target=self._server.serve_forever, args=(0.2,), name="authority", daemon=True).start()

    def stop(self) -> None:
        """Stop listening; followers serve what they know."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._path.unlink(missing_ok=True)

    def change(self, put: Mapping[str, Mapping[str, Any]], within: Mapping[str, Callable[[str], bool]]) -> int:
        """Replace parts of the table and wait until the followers serve it. Returns the version."""
        return self.served(self.say(put, within))

    def say(self, put: Mapping[str, Mapping[str, Any]], within: Mapping[str, Callable[[str], bool]]) -> Said:
        """Replace parts of the table and tell the followers, without waiting for them.

        ``put`` has the new entries by section; ``within`` says which existing entries of a section they replace, so
        that those among them that are not in ``put`` are dropped. Where all of it stands there already, somebody else
        said it: the followers may be about to serve it.
        """
        with self._lock:
            followers = tuple(self._followers.values())
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
                return Said(int(self._table["version"]), followers)
            for section, changed in news.items():
                self._table[section] = {**self._table[section], **changed}
            for section, gone in drop.items():
                self._table[section] = {name: e for name, e in self._table[section].items() if name not in set(gone)}
            self._table["version"] += 1
            version = int(self._table["version"])
            message = orjson.dumps({"type": "change", "version": version, "set": news, "drop": drop}) + b"\n"
            for follower in followers:
                follower.put(message)
        return Said(version, followers)

    def served(self, said: Said) -> int:
        """Wait until those who were told serve it. Returns the version."""
        with self._acknowledged:
            self._acknowledged.wait_for(
                lambda: all(one.gone or one.version >= said.version for one in said.to), PATIENCE
            )
        return said.version

    def entries(self, section: str) -> Mapping[str, Any]:
        """The present entries of a section."""
        found: Mapping[str, Any] = self._table[section]
        return found

    def followers(self) -> int:
        """How many follow and have said so: those serve by the table."""
        return sum(follower.version > 0 for follower in list(self._followers.values()))

    def _serve(self, connection: socket.socket, incoming: Any) -> None:
        follower = Follower()
        with self._lock:
            follower.tell({"type": "table", "table": self._table})
            self._followers[follower] = follower
        threading.Thread(target=follower.send, args=(connection,), name="authority-out", daemon=True).start()
        try:
            for line in incoming:
                self._hear(follower, orjson.loads(line))
        finally:
            with self._lock:
                self._followers.pop(follower, None)
            follower.gone = True
            with self._acknowledged:
                self._acknowledged.notify_all()
            self._left(follower)

    def _hear(self, follower: Follower, message: Mapping[str, Any]) -> None:
        if message.get("type") == "ack":
            with self._acknowledged:
                follower.version = int(message["version"])
                self._acknowledged.notify_all()
        else:
            self._heard(follower, message)
