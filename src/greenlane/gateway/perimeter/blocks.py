"""A stream of answers in blocks that keep their very bytes, so that one can be handed on as it came or with other data."""

from __future__ import annotations

import re
from typing import NamedTuple, Protocol

from greenlane.gateway.wires.frames import LONGEST, Elements, TooLong

_BETWEEN = re.compile(rb"(?:\r\n|\n|\r(?!\n)){2}")
_DATA = re.compile(rb"(?:(?<=[\r\n])|^)data: ?([^\r\n]*)")


class Block(NamedTuple):
    """Bytes of a stream, and where in them the data of one event lies; empty where there is none."""

    raw: bytes
    start: int = 0
    end: int = 0
    joined: bytes | None = None

    @property
    def data(self) -> bytes:
        """The data of the event."""
        return self.raw[self.start : self.end] if self.joined is None else self.joined

    def saying(self, data: bytes) -> bytes:
        """The bytes with other data; an event whose data had several lines gets one."""
        if self.joined is not None:
            return b"data: " + data + b"\n\n"
        return self.raw[: self.start] + data + self.raw[self.end :]


class Blocks(Protocol):
    """What cuts bytes into blocks and loses none."""

    def feed(self, data: bytes) -> list[Block]:
        """The blocks that are whole now. Raises ``TooLong``."""

    def close(self) -> list[Block]:
        """What the end of the stream leaves over."""


class EventBlocks:
    """Server-sent events; each block ends with its empty line."""

    __slots__ = ("_held", "_seen")

    def __init__(self) -> None:
        self._held = bytearray()
        self._seen = 0

    def feed(self, data: bytes) -> list[Block]:
        """The events that are whole now."""
        held = self._held
        held += data
        found: list[Block] = []
        start = 0
        for end in _BETWEEN.finditer(held, max(0, self._seen - 3)):
            found.append(_event(bytes(held[start : end.end()])))
            start = end.end()
        del held[:start]
        self._seen = len(held)
        if self._seen > LONGEST:
            raise TooLong
        return found

    def close(self) -> list[Block]:
        """An event without its empty line."""
        left = bytes(self._held)
        self._held.clear()
        return [_event(left)] if left else []


def _event(raw: bytes) -> Block:
    lines = list(_DATA.finditer(raw))
    if not lines:
        return Block(raw)
    if len(lines) == 1:
        return Block(raw, *lines[0].span(1))
    return Block(raw, joined=b"\n".join(line[1] for line in lines))


class ElementBlocks:
    """The elements of one JSON array, each with what stands before it."""

    __slots__ = ("_elements", "_held")

    def __init__(self) -> None:
        self._elements = Elements()
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Block]:
        """The elements that are whole now."""
        self._held += data
        found: list[Block] = []
        for element in self._elements.feed(data):
            start = self._held.index(element)
            end = start + len(element)
            found.append(Block(bytes(self._held[:end]), start, end))
            del self._held[:end]
        return found

    def close(self) -> list[Block]:
        """The end of the array."""
        left = bytes(self._held)
        self._held.clear()
        return [Block(left)] if left else []
