"""Where a request's body ends: by its length, by its chunks (RFC 9112, section 7.1), or never (a tunnel)."""

from __future__ import annotations

import re
from typing import Protocol

from greenlane.kit.wire.request import Malformed

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;[\t\x20-\x7e\x80-\xff]*)?")
_LONGEST_SIZE_LINE = 256
_LONGEST_TRAILER = 8 * 1024


class Body(Protocol):
    """Takes its own bytes from the front of a buffer and leaves what follows."""

    complete: bool
    paced: bool
    """Whether its sender has to keep a pace."""
    remaining: int | None
    """Bytes still to come; None when nobody knows."""

    def take(self, buffer: bytearray) -> bytes:
        """The body's bytes that are there by now, removed from the buffer. Raises ``Malformed``."""
        ...


def _cut(buffer: bytearray, count: int) -> bytes:
    data = bytes(buffer[:count])
    del buffer[:count]
    return data


class Sized:
    """A body with a known length."""

    paced = True

    def __init__(self, length: int) -> None:
        self.remaining: int | None = length
        self._left = length
        self.complete = length == 0

    def take(self, buffer: bytearray) -> bytes:
        """What is there, up to the length."""
        data = _cut(buffer, self._left)
        self._left -= len(data)
        self.remaining = self._left
        self.complete = self._left == 0
        return data


class Chunked:
    """A body in chunks. Extensions and trailers are read and dropped; nothing lenient is accepted.

    ``limit`` is the largest body in bytes: beyond it ``take`` raises 413.
    """

    paced = True

    def __init__(self, limit: int) -> None:
        self.remaining: int | None = None
        self.complete = False
        self._limit = limit
        self._total = 0
        self._left = 0
        self._trailer = 0
        self._step = self._size

    def take(self, buffer: bytearray) -> bytes:
        """What is there of the chunks' contents. Raises ``Malformed``."""
        pieces: list[bytes] = []
        while not self.complete and self._step(buffer, pieces):
            pass
        return b"".join(pieces)

    def _line(self, buffer: bytearray, longest: int) -> bytes | None:
        end = buffer.find(b"\r\n", 0, longest + 2)
        if end < 0:
            if len(buffer) > longest:
                raise Malformed(400, "A line between two chunks is too long.")
            return None
        line = _cut(buffer, end + 2)[:-2]
        if b"\n" in line or b"\r" in line:
            raise Malformed(400, "A line between two chunks is broken.")
        return line

    def _size(self, buffer: bytearray, pieces: list[bytes]) -> bool:
        line = self._line(buffer, _LONGEST_SIZE_LINE)
        if line is None:
            return False
        match = _SIZE.fullmatch(line)
        if match is None:
            raise Malformed(400, "A chunk's size is not a number.")
        self._left = int(match[1], 16)
        self._total += self._left
        if self._total > self._limit:
            raise Malformed(413, f"The body is larger than {self._limit} bytes.")
        self._step = self._data if self._left else self._trailers
        return True

    def _data(self, buffer: bytearray, pieces: list[bytes]) -> bool:
        if self._left:
            if not buffer:
                return False
            piece = _cut(buffer, self._left)
            self._left -= len(piece)
            pieces.append(piece)
            return True
        if len(buffer) < 2:
            return False
        if _cut(buffer, 2) != b"\r\n":
            raise Malformed(400, "A chunk is longer than it said.")
        self._step = self._size
        return True

    def _trailers(self, buffer: bytearray, pieces: list[bytes]) -> bool:
        line = self._line(buffer, _LONGEST_TRAILER)
        if line is None:
            return False
        self._trailer += len(line) + 2
        if self._trailer > _LONGEST_TRAILER:
            raise Malformed(431, "The body's trailer is too long.")
        self.complete = not line
        return True


class Endless:
    """What comes over a connection that has changed its protocol: everything, until it closes."""

    complete = False
    paced = False
    remaining: int | None = None

    def take(self, buffer: bytearray) -> bytes:
        """Everything that is there."""
        return _cut(buffer, len(buffer))
