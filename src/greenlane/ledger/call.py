"""One question, one answer: a line of JSON each way over a unix socket. How signer and witness are spoken to.

An answer is ``{"answer": …}`` or ``{"error": code, "message": …}``. Only peers of the allowed users are answered: the
kernel says who they are (SO_PEERCRED), so a process with another uid cannot ask for signatures.
"""

from __future__ import annotations

import os
import signal
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from greenlane.kit.errors import GreenlaneError, StorageFull, Unavailable

Answer = Callable[[Mapping[str, Any]], Any]

LONGEST_LINE = 16 * 1024 * 1024
"""Bytes of a question or an answer; anything longer is not meant."""


class Line:
    """The asking side. Connects when it is first needed and again after the other side was away. Thread-safe."""

    def __init__(
        self, path: Path | str, *, who: str, refusals: Mapping[str, type[GreenlaneError]], timeout: float = 5.0
    ) -> None:
        self._path = str(path)
        self._who = who
        self._refusals: dict[str, type[GreenlaneError]] = {StorageFull.code: StorageFull, **refusals}
        self._timeout = timeout
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def ask(self, **question: Any) -> Any:
        """The answer, after at most ``timeout`` seconds. Raises ``Unavailable``, or the refusal that was answered."""
        with self._lock:
            try:
                answer = self._exchange(orjson.dumps(question))
            except (OSError, ValueError) as error:
                self._hang_up()
                raise Unavailable(
                    f"The {self._who} cannot be reached.",
                    next_step="It is started again by itself; try again in a moment.",
                    detail=f"{self._path}: {error}",
                ) from error
        if "error" in answer:
            refusal = self._refusals.get(answer["error"], GreenlaneError)
            raise refusal(answer["message"], next_step=answer.get("next_step", ""))
        return answer["answer"]

    def _exchange(self, question: bytes) -> dict[str, Any]:
        fresh = self._socket is None
        try:
            return self._once(question)
        except OSError:
            if fresh:
                raise
            self._hang_up()
            return self._once(question)

    def _once(self, question: bytes) -> dict[str, Any]:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.settimeout(self._timeout)
            self._socket.connect(self._path)
        self._socket.sendall(question + b"\n")
        parts: list[bytes] = []
        while not parts or not parts[-1].endswith(b"\n"):
            part = self._socket.recv(65536)
            if not part:
                raise ConnectionResetError("the other side hung up")
            parts.append(part)
        answer: dict[str, Any] = orjson.loads(b"".join(parts))
        return answer

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            self._hang_up()


def answer_until_told(path: Path, answer: Answer, *, allowed: frozenset[int], ready: Callable[[], None]) -> None:
    """Answer questions on a socket until SIGTERM or SIGINT. Must run in a process's main thread.

    A socket left behind by a killed predecessor is replaced. ``ready`` is called once callers can connect.
    """

    class Conversation(socketserver.StreamRequestHandler):
        """One caller, question after question."""

        def handle(self) -> None:
            credentials = self.request.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            if struct.unpack("3i", credentials)[1] not in allowed:
                return
            while (line := self.rfile.readline(LONGEST_LINE)).endswith(b"\n"):
                self.wfile.write(_answered(answer, line))

    class Server(socketserver.ThreadingUnixStreamServer):
        """A thread for each caller; there are only ever a few."""

        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A caller that hangs up in the middle is no event."""

    path.unlink(missing_ok=True)
    with Server(str(path), Conversation) as server:
        path.chmod(0o666 if allowed != {os.getuid()} else 0o600)
        for told in (signal.SIGTERM, signal.SIGINT):
            signal.signal(told, lambda *_: threading.Thread(target=server.shutdown).start())
        ready()
        server.serve_forever(poll_interval=0.2)
    with suppress(PermissionError):  # it became another user meanwhile; its successor replaces the socket
        path.unlink(missing_ok=True)


def _answered(answer: Answer, line: bytes) -> bytes:
    try:
        document: dict[str, Any] = {"answer": answer(orjson.loads(line))}
    except GreenlaneError as error:
        document = {"error": error.code, "message": error.message, "next_step": error.next_step}
    except (ValueError, KeyError, TypeError) as error:
        document = {"error": "not-understood", "message": f"The question was not understood: {error}"}
    return orjson.dumps(document) + b"\n"
