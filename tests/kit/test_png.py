"""Pictures of hostile origin are made anew, or not taken."""

from __future__ import annotations

import struct
import zlib

import pytest

from greenlane.kit.png import SIGNATURE, NotPng, made_anew


def chunk(name: bytes, body: bytes, crc: int | None = None) -> bytes:
    return (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body) if crc is None else crc)
    )


def header(width: int = 4, height: int = 2, depth: int = 8, kind: int = 2, interlaced: int = 0) -> bytes:
    return struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)


LINES = (b"\x00" + bytes(range(12))) * 2
END = chunk(b"IEND", b"")


def picture(head: bytes = header(), lines: bytes = LINES, *more: bytes) -> bytes:
    return b"".join((SIGNATURE, chunk(b"IHDR", head), *more, chunk(b"IDAT", zlib.compress(lines)), END))


def test_the_same_lines_come_out_and_nothing_beside_them() -> None:
    page = b"<script>alert(1)</script>"
    made = made_anew(picture(header(), LINES, chunk(b"tEXt", page), chunk(b"iCCP", page)) + page, 4, 2)
    assert page not in made
    assert made_anew(made, 4, 2) == made
    assert zlib.decompress(made[41:-16]) == LINES


def test_lines_in_several_pieces_are_one_picture() -> None:
    packed = zlib.compress(LINES)
    pieces = b"".join(chunk(b"IDAT", packed[at : at + 3]) for at in range(0, len(packed), 3))
    assert made_anew(SIGNATURE + chunk(b"IHDR", header()) + pieces + END, 4, 2) == made_anew(picture(), 4, 2)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>",
        b"\xff\xd8\xff\xe0",
        SIGNATURE,
        picture()[:-20],
        picture().replace(b"IDAT", b"IDAX"),
        picture(header(width=5)),
        picture(header(height=2**31)),
        picture(header(depth=16)),
        picture(header(kind=3)),
        picture(header(interlaced=1)),
        picture(header()[:-1]),
        picture(lines=LINES[:-1]),
        picture(lines=LINES + b"\x00"),
        picture(lines=b"\x05" + LINES[1:]),
        picture(lines=bytes(50_000_000)),
        SIGNATURE + chunk(b"IHDR", header()) + chunk(b"IDAT", b"not packed") + END,
        SIGNATURE + chunk(b"IHDR", header(), crc=1) + chunk(b"IDAT", zlib.compress(LINES)) + END,
        SIGNATURE + struct.pack(">I", 2**32 - 1) + b"IHDR",
    ],
)
def test_anything_else_is_not_taken(data: bytes) -> None:
    with pytest.raises(NotPng):
        made_anew(data, 4, 2)
