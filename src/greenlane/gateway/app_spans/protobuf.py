"""The wire format of Protocol Buffers, as far as OTLP needs it: fields of a message, and small messages to answer with.

Facts: https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _FIXED64, _SIZED, _FIXED32 = 0, 1, 2, 5
_LONGEST = 10
"""Bytes of a varint at most."""


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Each field's number and value: a whole number without a sign, or bytes. Raises ValueError for what is no message."""
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == _SIZED:
            size, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"a field of the unknown kind {kind}")
        if at + size > end:
            raise ValueError("a field that is cut off")
        piece = message[at : at + size]
        at += size
        yield number, piece if kind == _SIZED else int.from_bytes(piece, "little")


def number(field: int, value: int) -> bytes:
    """A field with a whole number that is not negative."""
    return _packed(field << 3 | _VARINT) + _packed(value)


def sized(field: int, value: bytes) -> bytes:
    """A field with bytes, a text, or a message of its own."""
    return _packed(field << 3 | _SIZED) + _packed(len(value)) + value


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    for place in range(at, min(at + _LONGEST, len(message))):
        byte = message[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, place + 1
        shift += 7
    raise ValueError("a number that does not end")


def _packed(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
