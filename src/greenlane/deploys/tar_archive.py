"""Reading .tar as a stream, block by block (POSIX.1-2017 `pax`, and the GNU forms that people really have).

Only files and folders come out. The standard library's reader is not used: it repairs and follows what is refused here.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Protocol

from greenlane.deploys.member import CHUNK, SETUID_WORDS, Member, Meter, cut_short, damaged, not_a_file
from greenlane.govern.errors import TooLarge, WrongInput
from greenlane.kit.text import shown

BLOCK = 512
"""Bytes of a header, and the unit that every content is filled up to."""

_HEADER_AT_MOST = 64 * 1024
_LINKS = {b"1": "a hard link", b"2": "a symbolic link"}
_DEVICES = {b"3": "a device", b"4": "a device", b"6": "a pipe"}
_FILES = (b"0", b"\0", b"7")
_FOLDER = b"5"
_SETUID, _SETGID = 0o4000, 0o2000


class Stream(Protocol):
    """Where the bytes of a tar come from: fewer than asked for only at the end."""

    def read(self, size: int, /) -> bytes:
        """The next bytes."""
        ...


def looks_like_tar(start: bytes) -> bool:
    """Whether the first block has a tar header's checksum; also true for a tar that holds nothing at all."""
    return len(start) >= BLOCK and (_checksum_holds(start[:BLOCK]) or not start[:BLOCK].strip(b"\0"))


def read_tar(stream: Stream, meter: Meter) -> Iterator[Member]:
    """The members in their order. Raises ``WrongInput`` for links, devices and whatever is damaged or ambiguous."""
    long_name: bytes | None = None
    pax: dict[str, str] = {}
    number = 0
    while True:
        header = _exactly(stream, BLOCK)
        if not header.strip(b"\0"):
            break
        number += 1
        if number > 3 * meter.limits.members:
            raise TooLarge("The archive has too many entries.", next_step="Leave out what visitors do not need.")
        if not _checksum_holds(header):
            if number == 1:
                raise WrongInput(
                    "What is packed in this file is not a tar archive.",
                    next_step="Deploy a folder, a .zip, a .tar, a .tar.gz or a single HTML file.",
                )
            raise damaged("A header in it does not match its checksum.")
        kind = header[156:157]
        size = _number(header[124:136])
        if kind in (b"x", b"g", b"L", b"K"):
            if size > _HEADER_AT_MOST:
                raise TooLarge(
                    f"A name or note in the archive is longer than {_HEADER_AT_MOST:,} bytes.",
                    next_step="Shorten the names and pack the folder again.",
                )
            data = _exactly(stream, size)
            _skip(stream, -size % BLOCK)
            if kind == b"x":
                if pax:
                    raise damaged("A file in it has two headers of one kind.")
                pax = _pax(data)
            elif kind == b"g":
                if set(_pax(data)) & {"path", "linkpath", "size"}:
                    raise damaged("It gives all of its files one name or size.")
            elif kind == b"L":
                if long_name is not None:
                    raise damaged("A file in it has two headers of one kind.")
                long_name = data.rstrip(b"\0")
            continue
        name = _name(header, long_name, pax)
        wrong = _wrong(header, kind, name, size, pax)
        folder = kind == _FOLDER or name.endswith("/")
        if kind in _LINKS or kind in _DEVICES:
            size = 0  # POSIX: no content follows a link or a device, whatever its size field says
        if folder and size:
            raise damaged(f"{shown(name)} is a folder and a file at once.")
        chunks = _content(stream, size)
        yield Member(name, folder, size, chunks, wrong)
        for _ in chunks:  # whatever the reader of this member left
            pass
        _skip(stream, -size % BLOCK)
        long_name, pax = None, {}
    if long_name is not None or pax:
        raise cut_short()
    _check_end(stream)


def _wrong(header: bytes, kind: bytes, name: str, size: int, pax: dict[str, str]) -> WrongInput | None:
    """Why an entry is no plain file or folder. Raises for what would make the rest of the archive unclear."""
    if kind in _LINKS:
        return not_a_file(shown(name), _LINKS[kind])
    if kind in _DEVICES:
        return not_a_file(shown(name), _DEVICES[kind])
    if kind == b"S" or any(key.startswith("GNU.sparse") for key in pax):
        raise WrongInput(
            f"{shown(name)} is packed as a file with holes (sparse).", next_step="Pack the folder without `--sparse`."
        )
    if kind not in (*_FILES, _FOLDER):
        raise WrongInput(
            f"{shown(name)} is an entry of the unknown kind {shown(kind)}.",
            next_step="Pack the folder with a current program.",
        )
    if "size" in pax and pax["size"] != str(size):
        raise damaged(f"{shown(name)} has two sizes.")
    if kind != _FOLDER and _number(header[100:108]) & (_SETUID | _SETGID):
        return not_a_file(shown(name), SETUID_WORDS)
    return None


def _name(header: bytes, long_name: bytes | None, pax: dict[str, str]) -> str:
    """A member's name from wherever the archive keeps it; two places that differ are refused."""
    if "path" in pax:
        if long_name is not None and long_name != pax["path"].encode():
            raise damaged(f"{shown(pax['path'])} has two names.")
        return pax["path"]
    raw = long_name
    if raw is None:
        raw = header[:100].partition(b"\0")[0]
        prefix = header[345:500].partition(b"\0")[0] if header[257:263] == b"ustar\0" else b""
        if prefix:
            raw = prefix + b"/" + raw
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise WrongInput(
            f"The name {shown(raw)} is not written in UTF-8, so its letters can only be guessed.",
            next_step="Rename the file, or pack the folder with a current program.",
        ) from error


def _pax(data: bytes) -> dict[str, str]:
    """The records of an extended header: `LENGTH KEY=VALUE` and a line's end, the length counting itself."""
    records: dict[str, str] = {}
    place = 0
    while place < len(data):
        space = data.find(b" ", place, place + 8)
        digits = data[place:space] if space > 0 else b""
        if not re.fullmatch(rb"[1-9][0-9]{0,6}", digits):
            raise damaged("A header in it is broken.")
        end = place + int(digits)
        if end > len(data) or end <= space + 1 or data[end - 1 : end] != b"\n":
            raise damaged("A header in it is broken.")
        key, equals, value = data[space + 1 : end - 1].partition(b"=")
        try:
            name = key.decode("utf-8")
            text = value.decode("utf-8", "strict" if name in ("path", "size") else "replace")
        except UnicodeDecodeError as error:
            raise WrongInput(
                f"The name {shown(value)} is not written in UTF-8, so its letters can only be guessed.",
                next_step="Rename the file, or pack the folder with a current program.",
            ) from error
        if not equals or (name in records and name in ("path", "size", "linkpath")):
            raise damaged("A header in it is broken.")
        if name == "hdrcharset" and text != "ISO-IR 10646 2000 UTF-8":
            raise WrongInput("Its names are not written in UTF-8.", next_step="Pack the folder with a current program.")
        records[name] = text
        place = end
    return records


def _number(field: bytes) -> int:
    """An octal number, or GNU's base 256 with the highest bit set."""
    if field[0] & 0x80:
        value = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
        if field[0] & 0x40:
            raise damaged("A number in it is negative.")
        return value
    digits = field.strip(b" \0")
    if not digits:
        return 0
    if not re.fullmatch(rb"[0-7]+", digits):
        raise damaged("A number in it is broken.")
    return int(digits, 8)


def _checksum_holds(header: bytes) -> bool:
    field = header[148:156].strip(b" \0")
    if not re.fullmatch(rb"[0-7]{1,8}", field):
        return False
    blank = header[:148] + b" " * 8 + header[156:]
    says = int(field, 8)
    # Some old programs summed signed bytes; POSIX tells readers to take both.
    return says == sum(blank) or says == sum(struct.unpack(f"{BLOCK}b", blank))


def _content(stream: Stream, size: int) -> Iterator[bytes]:
    while size:
        chunk = _exactly(stream, min(CHUNK, size))
        size -= len(chunk)
        yield chunk


def _skip(stream: Stream, size: int) -> None:
    _exactly(stream, size)


def _check_end(stream: Stream) -> None:
    """After the first empty block comes a second, and then nothing but zeros."""
    if _exactly(stream, BLOCK).strip(b"\0"):
        raise damaged("There is more data after its end.")
    while rest := stream.read(CHUNK):
        if rest.strip(b"\0"):
            raise damaged("There is more data after its end.")


def _exactly(stream: Stream, size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise cut_short()
    return data
