"""PNG pictures of hostile origin, made anew: what is kept is the size and the lines of colours, nothing else.

After the PNG specification, third edition (W3C, 2025): 5 (datastream structure), 9 (filtering), 11.2 (critical chunks).
"""

from __future__ import annotations

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SAMPLES = {2: 3, 6: 4}
"""Bytes of a point, by colour type: true colour, and true colour with alpha, eight bits each."""
_FILTERS = frozenset(range(5))


class NotPng(ValueError):
    """Bytes that are no PNG of the size and kind that was asked for."""


def made_anew(data: bytes, width: int, height: int) -> bytes:
    """The same picture in a datastream of our own. Raises ``NotPng`` for anything but ``width`` by ``height`` points of
    eight-bit true colour, not interlaced; never unpacks more than that.
    """
    header, packed = _critical(data)
    if len(header) != 13:
        raise NotPng("the header has another length")
    found_width, found_height, depth, kind, packing, filtering, interlaced = struct.unpack(">IIBBBBB", header)
    if (found_width, found_height, depth) != (width, height, 8) or kind not in _SAMPLES:
        raise NotPng("another size or kind")
    if packing or filtering or interlaced:
        raise NotPng("packed in a way that is not taken")
    line = 1 + width * _SAMPLES[kind]
    lines = _unpacked(packed, line * height)
    if not _FILTERS.issuperset(lines[::line]):
        raise NotPng("a line with an unknown filter")
    return b"".join(
        (SIGNATURE, _chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(lines, 9)), _chunk(b"IEND", b""))
    )


def _critical(data: bytes) -> tuple[bytes, bytes]:
    """The header, and the packed lines of every data chunk; all that is not critical is passed over."""
    if not data.startswith(SIGNATURE):
        raise NotPng("no signature")
    header, packed, place = b"", [], len(SIGNATURE)
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        name, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        end = place + 12 + length
        if end > len(data) or struct.unpack_from(">I", data, end - 4)[0] != zlib.crc32(name + body):
            raise NotPng("a chunk that is cut off or damaged")
        if name == b"IHDR":
            header = body
        elif name == b"IDAT":
            packed.append(body)
        elif name == b"IEND":
            return header, b"".join(packed)
        place = end
    raise NotPng("it has no end")


def _unpacked(packed: bytes, size: int) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        lines = unpacking.decompress(packed, size + 1)
    except zlib.error as error:
        raise NotPng("lines that cannot be unpacked") from error
    if len(lines) != size:
        raise NotPng("more or fewer lines than the header says")
    return lines


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
