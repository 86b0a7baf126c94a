"""The gateway's side: what was said is collected while it passes, and laid down sealed once the call has ended."""

from __future__ import annotations

import logging
import os
from hashlib import sha256
from pathlib import Path

from greenlane.gateway.content.sealed import seal

_LOG = logging.getLogger(__name__)

LONGEST = 1024 * 1024
"""Bytes that are kept of a prompt, and of an answer."""

MOST = 2_000
"""Sealed calls that lie there at most; while control is away, the words of further ones are not kept."""


class Heard:
    """The digest of an answer, taken while it passes; and its first bytes, where they are to be kept."""

    __slots__ = ("_digest", "_kept", "_size")

    def __init__(self, *, keeps: bool) -> None:
        self._digest = sha256()
        self._kept: list[bytes] | None = [] if keeps else None
        self._size = 0

    def update(self, data: bytes) -> None:
        """The next bytes."""
        self._digest.update(data)
        if self._kept is not None and self._size < LONGEST:
            self._kept.append(data[: LONGEST - self._size])
            self._size += len(data)

    def hexdigest(self) -> str:
        """The digest of all of them."""
        return self._digest.hexdigest()

    @property
    def words(self) -> bytes:
        """What is kept of them."""
        return b"".join(self._kept or ())


def lay_down(folder: Path, key: bytes, call: str, prompt: bytes, answer: bytes) -> None:
    """Lay the words of a call down for control. Never raises: what cannot be kept is not."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if sum(1 for _ in os.scandir(folder)) >= MOST:
            _LOG.warning("The words of %s are not kept: too many wait for control.", call)
            return
        unfinished = folder / f".{call}"
        unfinished.write_bytes(seal(key, call, prompt[:LONGEST], answer))
        unfinished.chmod(0o600)
        unfinished.rename(folder / call)
    except OSError as error:
        _LOG.warning("The words of %s are not kept: %r", call, error)
