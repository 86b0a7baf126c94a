"""Reading .zip by its own directory, held against every file's own header (PKWARE APPNOTE 6.3.10).

A zip says everything twice, and attacks live where the two differ. So the archive must be exactly its members, its
directory and its end, without a gap, an overlap or anything before or after; whatever two programs could read
differently is refused before the first byte is unpacked.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from greenlane.deploys.bundle import too_many, too_much
from greenlane.deploys.member import CHUNK, SETUID_WORDS, Member, Meter, cut_short, damaged, not_a_file
from greenlane.govern.errors import WrongInput
from greenlane.kit.text import shown

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")

_STORED, _DEFLATED = 0, 8
_METHODS = {1: "shrink", 6: "implode", 9: "deflate64", 12: "bzip2", 14: "LZMA", 93: "zstd", 95: "xz", 98: "PPMd"}
_ENCRYPTED, _DESCRIPTOR, _STRONG, _UTF8, _MASKED = 0x1, 0x8, 0x40, 0x800, 0x2000
_ZIP64, _UNICODE_PATH, _AES = 0x0001, 0x7075, 0x9901
_DIRECTORY_AT_MOST = 64 * 1024 * 1024
_END_AT_MOST = _END.size + 0xFFFF


@dataclass(frozen=True, slots=True)
class _Entry:
    raw_name: bytes
    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    mode: int

    @property
    def folder(self) -> bool:
        return self.name.endswith("/")


def ends_like_zip(file: BinaryIO) -> bool:
    """Whether a file that does not begin as a zip ends as one."""
    length = file.seek(0, 2)
    file.seek(max(0, length - _END_AT_MOST))
    return b"PK\x05\x06" in file.read()


def read_zip(file: BinaryIO, meter: Meter) -> Iterator[Member]:
    """The members in the order of their data. Raises ``WrongInput`` or ``TooLarge`` before the first for bad structure."""
    length = file.seek(0, 2)
    directory_at, directory_size, count = _find_directory(file, length)
    if count > meter.limits.members:
        raise too_many(meter.limits.members)
    if directory_size > _DIRECTORY_AT_MOST:
        raise too_much(_DIRECTORY_AT_MOST)
    file.seek(directory_at)
    entries = sorted(_directory(_exactly(file, directory_size), count), key=lambda one: one.offset)
    starts = _check_layout(file, entries, directory_at)
    return (
        Member(one.name, one.folder, one.size, _content(file, one, start, meter), _wrong(one))
        for one, start in zip(entries, starts, strict=True)
    )


def _find_directory(file: BinaryIO, length: int) -> tuple[int, int, int]:
    """Where the central directory begins, its size and its number of entries."""
    tail_at = max(0, length - _END_AT_MOST)
    file.seek(tail_at)
    tail = file.read()
    ends = []
    place = tail.find(b"PK\x05\x06")
    while place >= 0:
        if place + _END.size <= len(tail):
            comment = struct.unpack_from("<H", tail, place + 20)[0]
            if place + _END.size + comment == len(tail):
                ends.append(place)
        place = tail.find(b"PK\x05\x06", place + 1)
    if not ends:
        if b"PK\x05\x06" in tail:
            raise damaged("There is more data after its end.")
        raise cut_short()
    if len(ends) > 1:
        raise damaged("It has two ends, and programs differ in which they take.")
    _, disk, first_disk, here, count, size, offset, _ = _END.unpack_from(tail, ends[0])
    end_at = tail_at + ends[0]
    if end_at >= _LOCATOR.size:
        file.seek(end_at - _LOCATOR.size)
        mark, at_disk, end64_at, _disks = _LOCATOR.unpack(_exactly(file, _LOCATOR.size))
        if mark == b"PK\x06\x07":
            if at_disk or end64_at + _END64.size != end_at - _LOCATOR.size:
                raise damaged("Its two ends do not agree.")
            file.seek(end64_at)
            large = _END64.unpack(_exactly(file, _END64.size))
            if large[0] != b"PK\x06\x06":
                raise damaged("Its two ends do not agree.")
            small = (disk, first_disk, here, count, size, offset)
            full = (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
            if any(s not in (most, wide) for s, most, wide in zip(small, full, large[4:], strict=True)):
                raise damaged("Its two ends do not agree.")
            disk, first_disk, here, count, size, offset = large[4:]
            end_at = end64_at
    if disk or first_disk or here != count:
        raise WrongInput("The archive is one part of several.", next_step="Pack the folder as a single archive.")
    if offset + size != end_at:
        if offset + size < end_at:
            raise damaged("There is other data in front of it or before its end.")
        raise cut_short()
    return offset, size, count


def _directory(data: bytes, count: int) -> Iterator[_Entry]:
    place = 0
    for _ in range(count):
        if place + _CENTRAL.size > len(data):
            raise damaged("Its directory ends too early.")
        fields = _CENTRAL.unpack_from(data, place)
        flags, method, crc, packed, size = fields[3], fields[4], fields[7], fields[8], fields[9]
        name_size, extra_size, comment_size, disk, offset = fields[10], fields[11], fields[12], fields[13], fields[16]
        after_name = place + _CENTRAL.size + name_size
        after = after_name + extra_size + comment_size
        if fields[0] != b"PK\x01\x02" or after > len(data):
            raise damaged("Its directory is broken.")
        raw_name = data[place + _CENTRAL.size : after_name]
        extra = _extra(data[after_name : after_name + extra_size], raw_name)
        size, packed, offset, disk = _wide(extra, raw_name, (size, packed, offset), disk)
        if disk:
            raise damaged("Its directory is broken.")
        entry = _Entry(
            raw_name, _name(raw_name, flags, extra), flags, method, crc, packed, size, offset, fields[15] >> 16
        )
        _check_entry(entry, _AES in extra)
        yield entry
        place = after
    if place != len(data):
        raise damaged("Its directory holds more than it counts.")


def _extra(data: bytes, raw_name: bytes) -> dict[int, bytes]:
    """The extra fields by id. Trailing bytes that are no field are padding, which alignment tools write."""
    fields: dict[int, bytes] = {}
    place = 0
    while place + 4 <= len(data):
        kind, size = struct.unpack_from("<2H", data, place)
        if place + 4 + size > len(data):
            raise damaged(f"{shown(raw_name)} has a broken header.")
        if kind in fields and kind in (_ZIP64, _UNICODE_PATH):
            raise damaged(f"{shown(raw_name)} has two headers of one kind.")
        fields[kind] = data[place + 4 : place + 4 + size]
        place += 4 + size
    return fields


def _wide(
    extra: dict[int, bytes], raw_name: bytes, narrow: tuple[int, int, int], disk: int
) -> tuple[int, int, int, int]:
    """Size, packed size, offset and disk with the 64-bit values in place of those that say "see there"."""
    data, place = extra.get(_ZIP64, b""), 0
    values = []
    for value in narrow:
        if value != 0xFFFFFFFF:
            values.append(value)
            continue
        if place + 8 > len(data):
            raise damaged(f"{shown(raw_name)} has a broken header.")
        values.append(struct.unpack_from("<Q", data, place)[0])
        place += 8
    if disk == 0xFFFF and place + 4 <= len(data):
        disk = struct.unpack_from("<I", data, place)[0]
    return values[0], values[1], values[2], disk


def _name(raw: bytes, flags: int, extra: dict[int, bytes]) -> str:
    """A member's name. Without the UTF-8 mark it is taken when it is valid UTF-8 all the same, as macOS writes it."""
    unicode_path = extra.get(_UNICODE_PATH)
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if unicode_path is None or flags & _UTF8:
            raise WrongInput(
                f"The name {shown(raw)} is not written in UTF-8, so its letters can only be guessed.",
                next_step="Rename the file, or pack the folder with a current program.",
            ) from error
        name = ""
    if unicode_path is None:
        return name
    if len(unicode_path) < 5 or unicode_path[0] != 1 or struct.unpack_from("<I", unicode_path, 1)[0] != zlib.crc32(raw):
        raise damaged(f"{shown(raw)} has two names.")
    try:
        other = unicode_path[5:].decode("utf-8")
    except UnicodeDecodeError as error:
        raise damaged(f"{shown(raw)} has two names.") from error
    if other != name and (flags & _UTF8 or (name and name.isascii())):
        raise damaged(f"{shown(raw)} has two names.")
    return other


def _check_entry(entry: _Entry, aes: bool) -> None:
    name = shown(entry.raw_name)
    if entry.flags & (_ENCRYPTED | _STRONG | _MASKED) or aes or entry.method == 99:
        raise WrongInput(f"{name} is encrypted.", next_step="Pack the folder again without a password.")
    if entry.method not in (_STORED, _DEFLATED):
        method = _METHODS.get(entry.method, f"number {entry.method}")
        raise WrongInput(
            f"{name} is packed with the method {method}.", next_step="Pack the folder again as an ordinary zip."
        )
    kind = stat.S_IFMT(entry.mode)
    if kind != stat.S_IFLNK and ((entry.folder and entry.size) or (kind == stat.S_IFDIR and not entry.folder)):
        raise damaged(f"{name} is a folder and a file at once.")
    if entry.method == _STORED and entry.packed != entry.size:
        raise damaged(f"{name} lies about its size.")


def _wrong(entry: _Entry) -> WrongInput | None:
    """Why an entry is no plain file or folder."""
    kind = stat.S_IFMT(entry.mode)
    if kind == stat.S_IFLNK:
        return not_a_file(shown(entry.name), "a symbolic link")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return not_a_file(shown(entry.name), "a device or a pipe")
    if kind != stat.S_IFDIR and entry.mode & (stat.S_ISUID | stat.S_ISGID):
        return not_a_file(shown(entry.name), SETUID_WORDS)
    return None


def _check_layout(file: BinaryIO, entries: list[_Entry], directory_at: int) -> list[int]:
    """Hold every local header against the directory. Returns where each member's data begins."""
    starts = []
    place = 0
    for number, entry in enumerate(entries):
        name = shown(entry.raw_name)
        if entry.offset < place:
            raise damaged(f"{name} overlaps another file, as archives do that unpack without end.")
        if entry.offset > place:
            raise damaged(f"In front of {name} there is data that belongs to no file.")
        file.seek(entry.offset)
        head = _LOCAL.unpack(_exactly(file, _LOCAL.size))
        mark, _, flags, method, _, _, crc, packed, size, name_size, extra_size = head
        if mark != b"PK\x03\x04":
            raise damaged(f"The directory and the file's own header do not agree about {name}.")
        local_name = _exactly(file, name_size)
        extra = _extra(_exactly(file, extra_size), local_name)
        start = entry.offset + _LOCAL.size + name_size + extra_size
        size, packed, _, _ = _wide(extra, local_name, (size, packed, 0), 0)
        says, knows = (crc, packed, size), (entry.crc, entry.packed, entry.size)
        later = bool(flags & _DESCRIPTOR)
        agree = says == knows or (later and says in ((0, 0, 0), (0, *knows[1:])))
        alike = flags & (_DESCRIPTOR | _UTF8) == entry.flags & (_DESCRIPTOR | _UTF8) and method == entry.method
        if local_name != entry.raw_name or not alike or not agree or flags & (_ENCRYPTED | _STRONG | _MASKED):
            raise damaged(f"The directory and the file's own header do not agree about {name}.")
        if _UNICODE_PATH in extra and _name(local_name, flags, extra) != entry.name:
            raise damaged(f"{name} has two names.")
        place = start + entry.packed
        end = entries[number + 1].offset if number + 1 < len(entries) else directory_at
        if place > end:
            raise damaged(f"{name} overlaps another file, as archives do that unpack without end.")
        if later:
            place += _descriptor(file, entry, place, end - place)
        starts.append(start)
    if place != directory_at:
        raise damaged("There is data in it that belongs to no file.")
    return starts


def _descriptor(file: BinaryIO, entry: _Entry, place: int, room: int) -> int:
    """The size of the data descriptor behind a member; 0 when the room behind it is none."""
    for shape in ("<4s3I", "<4sI2Q", "<3I", "<I2Q"):
        if struct.calcsize(shape) == room:
            file.seek(place)
            values = struct.unpack(shape, _exactly(file, room))
            if shape.startswith("<4s") and values[0] == b"PK\x07\x08":
                values = values[1:]
            if values == (entry.crc, entry.packed, entry.size):
                return room
    return 0


def _content(file: BinaryIO, entry: _Entry, start: int, meter: Meter) -> Iterator[bytes]:
    """The bytes of a member, checked against size and checksum as they come."""
    name = shown(entry.raw_name)
    file.seek(start)
    crc, size = 0, 0
    for chunk in _stored(file, entry) if entry.method == _STORED else _deflated(file, entry, name):
        meter.count(len(chunk))
        size += len(chunk)
        if size > entry.size:
            raise damaged(f"{name} lies about its size.")
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if size != entry.size:
        raise damaged(f"{name} lies about its size.")
    if crc != entry.crc:
        raise damaged(f"{name} does not match its checksum.")


def _stored(file: BinaryIO, entry: _Entry) -> Iterator[bytes]:
    left = entry.packed
    while left:
        chunk = _exactly(file, min(CHUNK, left))
        left -= len(chunk)
        yield chunk


def _deflated(file: BinaryIO, entry: _Entry, name: str) -> Iterator[bytes]:
    inner = zlib.decompressobj(wbits=-15)
    left = entry.packed
    try:
        while not inner.eof:
            data = inner.unconsumed_tail
            if not data:
                if not left:
                    raise damaged(f"The compressed data of {name} ends too early.")
                data = _exactly(file, min(CHUNK, left))
                left -= len(data)
            yield inner.decompress(data, CHUNK)
    except zlib.error as error:
        raise damaged(f"The compressed data of {name} cannot be read.", str(error)) from error
    if left or inner.unused_data:
        raise damaged(f"There is data behind {name} that belongs to no file.")


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise cut_short()
    return data
