"""The pieces that a stream of answers is made of: events of server-sent events, or elements of one JSON array.

Both take bytes cut anywhere, look at each byte a bounded number of times, and hold no more than one unfinished piece.
"""

from __future__ import annotations

import re
from typing import Protocol

LONGEST = 64 * 1024 * 1024
"""Bytes of the longest piece that is waited for: several times the largest answer that a provider sends in one event."""


class TooLong(ValueError):
    """One piece of a stream is longer than anything that a provider sends."""


class Frames(Protocol):
    """What turns bytes into whole pieces."""

    def whole(self, data: bytes) -> bool:
        """Whether the next bytes are whole pieces alone, so that whoever looks for nothing in them need not feed them."""

    def feed(self, data: bytes) -> list[bytes]:
        """The pieces that are whole now. Raises ``TooLong``."""

    def close(self) -> list[bytes]:
        """The piece that the end of the stream leaves over, if it has one."""


class Events:
    """The data of server-sent events, as the WHATWG standard reads them (section 9.2.6), event names left aside.

    LF, CR and CRLF end lines; lines of data are joined; comments and other fields are passed over. Providers name the
    kind of an event inside its data as well.
    """

    __slots__ = ("_held", "_longest", "_returned", "_seen")

    def __init__(self, longest: int = LONGEST) -> None:
        self._held = bytearray()
        self._seen = 0
        self._returned = False
        self._longest = longest

    def whole(self, data: bytes) -> bool:
        """Whether these bytes begin and end between two events."""
        return not self._held and not self._returned and data.endswith((b"\n\n", b"\r\n\r\n"))

    def feed(self, data: bytes) -> list[bytes]:
        """The data of the events that are whole now. Raises ``TooLong``."""
        held = self._held
        if self._returned and data:
            data = data.removeprefix(b"\n")
            self._returned = False
        if b"\r" in data:
            self._returned = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        held += data
        end = held.rfind(b"\n\n", max(0, self._seen - 1))
        if end < 0:
            self._seen = len(held)
            if self._seen > self._longest:
                raise TooLong
            return []
        whole = bytes(held[:end])
        del held[: end + 2]
        self._seen = len(held)
        return [found for block in whole.split(b"\n\n") if (found := _data(block)) is not None]

    def close(self) -> list[bytes]:
        """An event that was not ended by an empty line. The standard drops it; what a provider meant is read."""
        left = bytes(self._held).rstrip(b"\n")
        self._held.clear()
        found = _data(left)
        return [] if found is None else [found]


def _data(block: bytes) -> bytes | None:
    if block.startswith(b"data:") and b"\n" not in block:
        return block[6:] if block[5:6] == b" " else block[5:]
    lines = [line[5:].removeprefix(b" ") for line in block.split(b"\n") if line.startswith(b"data:")]
    return b"\n".join(lines) if lines else None


class Elements:
    """The objects of one JSON array, as Gemini streams them where no server-sent events are asked for.

    ``https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent`` without ``alt=sse``.
    """

    __slots__ = ("_depth", "_held", "_longest", "_quoted", "_seen")

    def __init__(self, longest: int = LONGEST) -> None:
        self._held = bytearray()
        self._seen = 0
        self._depth = 0
        self._quoted = False
        self._longest = longest

    def whole(self, data: bytes) -> bool:
        """Nobody can say without looking."""
        return False

    def feed(self, data: bytes) -> list[bytes]:
        """The elements that are whole now. Raises ``TooLong``."""
        held = self._held
        held += data
        found: list[bytes] = []
        start, at = 0, self._seen
        while (match := (_IN_STRING if self._quoted else _OUTSIDE).search(held, at)) is not None:
            mark, at = match[0], match.end()
            if mark == b'"':
                self._quoted = not self._quoted
            elif mark == b"\\":
                if at == len(held):
                    at -= 1
                    break
                at += 1
            elif mark == b"{":
                if self._depth == 0:
                    start = at - 1
                self._depth += 1
            else:
                self._depth -= 1
                if self._depth == 0:
                    found.append(bytes(held[start:at]))
                    start = at
        else:
            at = len(held)
        if self._depth == 0:
            start = at
        del held[:start]
        self._seen = at - start
        if len(held) > self._longest:
            raise TooLong
        return found

    def close(self) -> list[bytes]:
        """Nothing: half an element says nothing."""
        self._held.clear()
        return []


_IN_STRING = re.compile(rb'["\\]')
_OUTSIDE = re.compile(rb'["{}]')
