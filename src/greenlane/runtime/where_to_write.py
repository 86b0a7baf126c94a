"""What an app is told about where it can write: when it tried elsewhere, and when its own folder is full."""

from __future__ import annotations

import re

from greenlane.runtime.driver import Room
from greenlane.runtime.logs import Log

ELSEWHERE = re.compile(
    rb"Read-only file system|EROFS|os error 30\b"  # Python, Node's modules, Deno and Rust
    rb"|Requires write access to|PermissionError: \[Errno 13\]|attempt to write a readonly database"
)
"""How programs say that the kernel, or Deno before it, did not let them write somewhere."""

HINT = (
    "An app can write to /data, which it keeps over deploys, to the SQLite database that DATABASE_URL names, and to /tmp, "
    "which is forgotten. Nowhere else: put what it stores there."
)
_MIB = 1024 * 1024
_OVERLAP = 80
"""Bytes of what came before that are looked at again, because what is written comes in pieces."""


class Hint:
    """Hands on what a release writes to its log, and says once where it can write when it seems to need that.

    Not ``needed`` where something else was said about writing already.
    """

    def __init__(self, log: Log, *, needed: bool = True) -> None:
        self._log = log
        self._before = b""
        self._needed = needed

    def hear(self, chunk: bytes) -> None:
        """What it wrote."""
        self._log.hear(chunk)
        if not self._needed:
            return
        self._before = self._before[-_OVERLAP:] + chunk
        if ELSEWHERE.search(self._before):
            self._needed = False
            self._log.tell(HINT)


def outgrown(room: Room | None) -> str:
    """Why a release is stopped that stored more than it may."""
    quota = "" if room is None else f" the {room.quota // _MIB} MiB that are its quota"
    return f"It stores more in /data than{quota}: it is stopped, and can only read there when it is opened again."


def full(app: str, room: Room) -> str:
    """What a release is told that was started with a folder it can only read from."""
    return (
        f"/data is full: {room.stored // _MIB} of {room.quota // _MIB} MiB. It can be read and not written to. "
        f"`greenlane data {app}` shows what lies there and how to make room."
    )
