"""A folder as it will be sent: which files, what they hash to, and what stays at home."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path

from greenlane.cli.errors import FileTrouble
from greenlane.deploys import variables
from greenlane.deploys.paths import check_path
from greenlane.deploys.set_aside import SetAside, set_aside, set_aside_by_content
from greenlane.kit.text import shown

NOTES = ".greenlane"
"""The folder in which a deployed folder remembers its app; it stays at home."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """One file on this disk: the hexadecimal SHA-256 of its bytes, and their number."""

    path: Path
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Folder:
    """What a folder holds. ``variables`` are names that its `.env` offers; the values stay where they are."""

    files: dict[str, LocalFile]
    set_aside: tuple[SetAside, ...]
    variables: tuple[str, ...] = field(default=())


def read_folder(root: Path) -> Folder:
    """Walk a folder and hash what would be sent. Links are followed to files inside the folder and nowhere else.

    Raises ``WrongInput`` for a name that no server would take, ``FileTrouble`` for a file that cannot be read.
    """
    files: dict[str, LocalFile] = {}
    aside: list[SetAside] = []
    names: dict[str, str] = {}
    home = root.resolve()
    for found in _walk(home, home):
        if isinstance(found, SetAside):
            aside.append(found)
            if variables.holds_variables(found.path) and (home / found.path).is_file():
                names[found.path] = _text(home / found.path)
        elif why := _private_key(found, name := _name(home, found)):
            aside.append(why)
        else:
            files[check_path(name)] = read_file(found)
    return Folder(files, tuple(sorted(aside, key=lambda one: one.path)), tuple(sorted(variables.merge(names))))


def sent(root: Path) -> Iterator[tuple[str, Path]]:
    """Every file that would be sent, by its name in the folder. Raises as ``read_folder`` does."""
    home = root.resolve()
    for found in _walk(home, home):
        if isinstance(found, Path) and not _private_key(found, name := _name(home, found)):
            yield check_path(name), found


def stamps(root: Path) -> dict[str, tuple[int, int]]:
    """When each file of a folder was last written (nanoseconds) and its size, `.env` included: a look that hashes nothing.

    What disappears meanwhile is left out. Raises ``FileTrouble``.
    """
    home = root.resolve()
    found: dict[str, tuple[int, int]] = {}
    for one in _walk(home, home):
        path = home / one.path if isinstance(one, SetAside) else one
        if isinstance(one, SetAside) and not variables.holds_variables(one.path):
            continue
        with suppress(FileNotFoundError):
            state = path.stat()
            found[_name(home, path)] = (state.st_mtime_ns, state.st_size)
    return found


def read_file(path: Path) -> LocalFile:
    """Hash one file. Raises ``FileTrouble``."""
    try:
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
            return LocalFile(path, digest, file.tell())
    except OSError as error:
        raise _unreadable(path, error) from error


def _walk(home: Path, folder: Path) -> Iterator[Path | SetAside]:
    """Every file below a folder in a steady order, and everything that is left out."""
    try:
        entries = sorted(os.scandir(folder), key=lambda one: one.name)
    except OSError as error:
        raise _unreadable(folder, error) from error
    for entry in entries:
        path = Path(entry.path)
        name = _name(home, path)
        is_folder = entry.is_dir(follow_symlinks=False)
        if why := set_aside(f"{name}/." if is_folder else name):
            yield why
        elif is_folder:
            if name != NOTES:
                yield from _walk(home, path)
        elif entry.is_symlink():
            yield _linked(home, path, name)
        elif entry.is_file(follow_symlinks=False):
            yield path
        else:
            yield SetAside(name, "neither a file nor a folder")


def _linked(home: Path, path: Path, name: str) -> Path | SetAside:
    """The file that a link leads to, if it is one inside the folder that would be sent by its own name too."""
    target = path.resolve()
    if not target.is_relative_to(home):
        return SetAside(name, "a link that leads out of the folder")
    if not target.is_file():
        return SetAside(name, "a link that leads to no file")
    if why := set_aside(_name(home, target)):
        return SetAside(name, f"a link to {why.why}")
    return path


def _private_key(path: Path, name: str) -> SetAside | None:
    """Why a file stays at home for what it holds."""
    if path.suffix.casefold() not in (".pem", ".key"):
        return None
    try:
        return set_aside_by_content(name, path.read_bytes())
    except OSError as error:
        raise _unreadable(path, error) from error


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError as error:
        raise _unreadable(path, error) from error


def _name(home: Path, path: Path) -> str:
    return path.relative_to(home).as_posix()


def _unreadable(path: Path, error: OSError) -> FileTrouble:
    return FileTrouble(
        f"{shown(str(path))} cannot be read: {(error.strerror or 'unknown reason').lower()}.",
        next_step="Make it readable, or take it out of the folder.",
        detail=str(error),
    )
