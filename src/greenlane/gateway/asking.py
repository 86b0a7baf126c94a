"""Asking a model through the gateway, for control: one prompt, the answer in pieces as they come.

The call is like anybody's: it has a key, goes the same way, is bounded, priced and recorded.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, ClassVar

import orjson

from greenlane.kit.errors import GreenlaneError, Unavailable

PATIENCE = 120.0
"""Seconds between two pieces of an answer after which it is given up."""
LONGEST_EVENT = 1 << 20
"""Bytes of one event of an answer."""


class NotAnsweredByModel(GreenlaneError):
    """A model did not answer, or not to the end; the message is the gateway's or the provider's own."""

    code: ClassVar[str] = "not-answered-by-model"
    status: ClassVar[int] = 502


@dataclass(frozen=True, slots=True)
class Begun:
    """The gateway let the call through; ``call`` is its id."""

    call: str


@dataclass(frozen=True, slots=True)
class Words:
    """The next piece of the answer."""

    text: str


class Asking:
    """The gateway behind its socket. Thread-safe: a connection for each question."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    def ask(self, key: str, model: str, prompt: str) -> Iterator[Begun | Words]:
        """The call's id first, then the answer piece by piece.

        Raises ``NotAnsweredByModel`` with why there is none, ``Unavailable`` where no gateway listens.
        """
        body = orjson.dumps(
            {"model": model, "stream": True, "messages": [{"role": "user", "content": prompt}]},
        )
        fields = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        with closing(_Here(self._path)) as connection:
            try:
                connection.request("POST", "/ai/openai/v1/chat/completions", body, fields)
                answer = connection.getresponse()
                call = answer.getheader("greenlane-call") or ""
                if answer.status != 200:
                    raise NotAnsweredByModel(*_refused(answer.read(LONGEST_EVENT)))
                yield Begun(call)
                yield from _words(answer)
            except (ConnectionError, FileNotFoundError) as error:
                raise Unavailable(
                    "The model gateway cannot be reached just now.",
                    next_step="Try again in a moment.",
                    detail=str(error),
                ) from error
            except (TimeoutError, HTTPException) as error:
                raise NotAnsweredByModel(
                    "The answer broke off.", next_step="Try again, or choose another model.", detail=str(error)
                ) from error


class _Here(HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._unix = path

    def connect(self) -> None:
        """Open the socket instead of a host's port."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self._unix)


def _words(answer: HTTPResponse) -> Iterator[Words]:
    """The pieces of a streamed chat completion (OpenAI reference, "Chat completion chunk")."""
    while line := answer.readline(LONGEST_EVENT):
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        if data == b"[DONE]":
            return
        piece = _document(data)
        if "error" in piece:
            raise NotAnsweredByModel(*_refused(data))
        for choice in piece.get("choices") or ():
            text = (choice.get("delta") or {}).get("content")
            if isinstance(text, str) and text:
                yield Words(text)
    raise NotAnsweredByModel("The answer broke off before its end.", next_step="Try again, or choose another model.")


def _refused(body: bytes) -> tuple[str]:
    error = _document(body).get("error")
    message = error.get("message") if isinstance(error, dict) else None
    return (message if isinstance(message, str) and message else "The gateway refused the call without words.",)


def _document(data: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
