"""Trees of files that somebody else made: measured, packed, brought back and removed, and never followed.

Whoever made a tree may still be changing it, may have put links, pipes and sockets into it, and may have named things as
they like. So everything is reached from a folder that is held open, name by name, and no name is followed (``O_NOFOLLOW``,
openat(2)). A tree that is deeper than anybody needs is not looked into and counts as endless.
"""

from __future__ import annotations

import os
import stat
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import uuid4

DEEPEST = 128
"""Folders within one another. Trees of packages reach 40."""
SMALLEST = 4096
"""Bytes that everything with a name counts at least, because it takes room in the table of files."""
ENDLESS = sys.maxsize
"""The size of what cannot be looked into."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class TooMuch(Exception):
    """A tree is larger or deeper than it may be."""


class NotPacked(Exception):
    """An archive is not one that ``pack`` wrote."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What went into an archive: bytes of content, files, and how many pipes, sockets and devices were left out."""

    bytes: int
    files: int
    left_out: int


def measure(root: Path) -> int:
    """Bytes on the disk, each name counting ``SMALLEST`` at least. 0 where nothing is there.

    ``ENDLESS`` for what is too deep or may not be looked into: nobody hides room that way. What disappears meanwhile
    counts nothing.
    """
    try:
        top = os.open(root, _FOLDER)
    except (FileNotFoundError, NotADirectoryError):
        return 0
    try:
        return min(_measured(top, DEEPEST), ENDLESS)
    except OSError:
        return ENDLESS
    finally:
        os.close(top)


def _measured(folder: int, deeper: int) -> int:
    if deeper == 0:
        return ENDLESS
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError, NotADirectoryError):
                found = entry.stat(follow_symlinks=False)
                total += max(found.st_blocks * 512, SMALLEST)
                if stat.S_ISDIR(found.st_mode):
                    inner = os.open(entry.name, _FOLDER, dir_fd=folder)
                    try:
                        total += _measured(inner, deeper - 1)
                    finally:
                        os.close(inner)
    return total


def pack(root: Path, out: IO[bytes], most: int) -> Packed:
    """Write a tree as a tar archive (POSIX.1-2001), in the order of names: files, folders, and links as links.

    A file with several names is written once. Raises ``TooMuch`` over ``most`` bytes of content, and OSError.
    """
    first: dict[tuple[int, int], str] = {}
    content = files = left_out = 0
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive, _opened(root) as top:
        for path, name, folder, found in _walk(top, (), DEEPEST):
            info = tarfile.TarInfo(path)
            info.mode, info.mtime = stat.S_IMODE(found.st_mode) & 0o777, int(found.st_mtime)
            if stat.S_ISDIR(found.st_mode):
                info.type = tarfile.DIRTYPE
                archive.addfile(info)
            elif stat.S_ISLNK(found.st_mode):
                info.type, info.linkname = tarfile.SYMTYPE, os.readlink(name, dir_fd=folder)
                archive.addfile(info)
                files += 1
            elif not stat.S_ISREG(found.st_mode):
                left_out += 1
            elif (found.st_dev, found.st_ino) in first:
                info.type, info.linkname = tarfile.LNKTYPE, first[found.st_dev, found.st_ino]
                archive.addfile(info)
                files += 1
            else:
                with os.fdopen(os.open(name, _FILE, dir_fd=folder), "rb") as file:
                    now = os.fstat(file.fileno())
                    if not stat.S_ISREG(now.st_mode):
                        left_out += 1
                        continue
                    info.size = now.st_size
                    content += info.size
                    if content > most:
                        raise TooMuch(f"more than {most} bytes")
                    archive.addfile(info, file)
                if now.st_nlink > 1:
                    first[now.st_dev, now.st_ino] = path
                files += 1
    return Packed(content, files, left_out)


def unpack(archive: IO[bytes], root: Path, user: int | None) -> None:
    """Bring back what ``pack`` wrote into an empty folder, everything of one user where one is named.

    Raises ``NotPacked`` for what ``pack`` does not write, and OSError.
    """
    modes: list[tuple[str, int]] = []
    try:
        with tarfile.open(fileobj=archive, mode="r:") as members, _opened(root) as top:
            for info in members:
                with _parent(top, info.name) as (folder, name):
                    _bring_back(members, info, top, folder, name, user)
                if info.isdir():
                    modes.append((info.name, info.mode))
            # Last, the inner ones first: a folder may be one that its own user cannot write to.
            for path, mode in reversed(modes):
                with _parent(top, path) as (folder, name), _opened(name, folder) as inner:
                    os.fchmod(inner, mode & 0o777)
    except tarfile.TarError as error:
        raise NotPacked(str(error)) from error


def _bring_back(
    members: tarfile.TarFile, info: tarfile.TarInfo, top: int, folder: int, name: str, user: int | None
) -> None:
    if info.isdir():
        os.mkdir(name, 0o700, dir_fd=folder)
    elif info.issym():
        os.symlink(info.linkname, name, dir_fd=folder)
    elif info.islnk():
        with _parent(top, info.linkname) as (where, first):
            os.link(first, name, src_dir_fd=where, dst_dir_fd=folder, follow_symlinks=False)
        return
    elif info.isreg():
        content = members.extractfile(info)
        assert content is not None, "a file has content"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(name, flags, 0o600, dir_fd=folder), "wb") as file:
            while piece := content.read(1 << 20):
                file.write(piece)
            file.flush()
            os.fchmod(file.fileno(), info.mode & 0o777)
            os.utime(file.fileno(), (info.mtime, info.mtime))
    else:
        raise NotPacked(f"{info.name} is of a kind that is never packed")
    if user is not None:
        os.chown(name, user, user, dir_fd=folder, follow_symlinks=False)


def give(root: Path, user: int) -> None:
    """Have a whole tree belong to one user; links themselves, and not where they lead. Raises ``TooMuch``, OSError."""
    with _opened(root) as top:
        for _path, name, folder, _found in _walk(top, (), DEEPEST):
            os.chown(name, user, user, dir_fd=folder, follow_symlinks=False)
        os.fchown(top, user, user)


def remove(root: Path) -> None:
    """Remove a tree that nobody changes any more, however deep it is. What is not there is gone already.

    Folders are moved up before they are emptied, so that no path grows long.
    """
    with suppress(FileNotFoundError):
        with _opened(root) as top:
            while names := os.listdir(top):  # noqa: PTH208  a folder that is held open has no path
                for name in names:
                    _emptied(name, top)
        root.rmdir()


def _emptied(name: str, top: int) -> None:
    """Take one thing out of a folder; what lies in it, if it is a folder, moves up into its place."""
    if not stat.S_ISDIR(os.stat(name, dir_fd=top, follow_symlinks=False).st_mode):
        os.unlink(name, dir_fd=top)
        return
    _allow(name, top)
    with _opened(name, top) as folder:
        for inner in os.listdir(folder):  # noqa: PTH208  as above
            if stat.S_ISDIR(os.stat(inner, dir_fd=folder, follow_symlinks=False).st_mode):
                _allow(inner, folder)
                os.rename(inner, uuid4().hex, src_dir_fd=folder, dst_dir_fd=top)
            else:
                os.unlink(inner, dir_fd=folder)
    os.rmdir(name, dir_fd=top)


def _allow(name: str, folder: int) -> None:
    """Let its owner into a folder; root needs no leave."""
    if os.getuid() != 0:
        os.chmod(name, 0o700, dir_fd=folder)


@contextmanager
def _opened(name: str | Path, folder: int | None = None) -> Iterator[int]:
    opened = os.open(name, _FOLDER, dir_fd=folder)
    try:
        yield opened
    finally:
        os.close(opened)


@contextmanager
def _parent(top: int, path: str) -> Iterator[tuple[int, str]]:
    """The folder that a path ends in, reached name by name, and its last name. Raises ``NotPacked`` for ways out."""
    *way, name = path.split("/")
    if any(one in ("", ".", "..") for one in (*way, name)) or len(way) >= DEEPEST:
        raise NotPacked(f"{path!r} is no path within a tree")
    folder = os.dup(top)
    try:
        for one in way:
            inner = os.open(one, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        yield folder, name
    finally:
        os.close(folder)


def _walk(folder: int, above: tuple[str, ...], deeper: int) -> Iterator[tuple[str, str, int, os.stat_result]]:
    """Everything in a folder, the outer before the inner: path, name, the folder it is in, and what it is."""
    if deeper == 0:
        raise TooMuch(f"more than {DEEPEST} folders within one another")
    for name in sorted(os.listdir(folder)):
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        yield "/".join((*above, name)), name, folder, found
        if stat.S_ISDIR(found.st_mode):
            with _opened(name, folder) as inner:
                yield from _walk(inner, (*above, name), deeper - 1)
