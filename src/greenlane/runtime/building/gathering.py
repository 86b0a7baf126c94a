"""Taking over what a build made: files alone, bounded, straight into the content-addressed store.

It is called when every process of the build has ended, so nothing changes while it is read. Links are never followed.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenlane.govern.errors import TooLarge, WrongInput
from greenlane.kit.blobs import Blobs
from greenlane.kit.text import shown

IGNORED = frozenset(["node_modules", ".git", ".venv", "__pycache__", ".cache", ".greenlane"])
"""Folders that are never part of what is served or run."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a build may make: files, bytes of one, bytes of all."""

    files: int = 54_000
    file: int = 100 * 1024 * 1024
    total: int = 500 * 1024 * 1024
    layer: int = 2 * 1024 * 1024 * 1024
    """Bytes of installed packages."""


Files = dict[str, dict[str, Any]]
"""``{path: {"sha256": hexadecimal, "size": bytes}}``, as an upload names them."""


def is_within(place: Path, folder: Path) -> bool:
    """Whether a folder really lies in another one: a build may have put a link in its place that leads elsewhere."""
    return place.resolve().is_relative_to(folder.resolve())


def _check(folder: Path, within: Path) -> None:
    if not is_within(folder, within):
        raise WrongInput(
            "The build put a link in the place of a folder of its own.", next_step="Let the build write real folders."
        )


def gather(
    folder: Path, blobs: Blobs, bounds: Bounds, ignored: frozenset[str] = IGNORED, *, within: Path
) -> tuple[Files, list[str]]:
    """Put every file below a folder into the store. Also the paths that were left out, since they are links or devices.

    Raises ``TooLarge`` beyond the bounds, ``WrongInput`` for names that are no text and for a folder that is a link to
    somewhere outside of ``within``.
    """
    _check(folder, within)
    files: Files = {}
    aside: list[str] = []
    total = 0
    for path, name, info in _walk(folder, "", ignored):
        if not stat.S_ISREG(info.st_mode):
            aside.append(name)
            continue
        if len(files) >= bounds.files:
            raise TooLarge(f"The build made more than {bounds.files:,} files.", next_step="Publish fewer files.")
        if info.st_size > bounds.file:
            raise TooLarge(f"The build made {shown(name)}, which is too large.", next_step="Keep it somewhere else.")
        total += info.st_size
        if total > bounds.total:
            raise TooLarge(
                f"The build made more than {bounds.total // 1024**2} MB.", next_step="Leave out what is not needed."
            )
        files[name] = _stored(path, blobs)
    return files, sorted(aside)


def _walk(folder: Path, start: str, ignored: frozenset[str]) -> Iterator[tuple[Path, str, os.stat_result]]:
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        try:
            entry.name.encode()
        except UnicodeEncodeError as error:
            raise WrongInput(
                "The build made a file whose name is no text.", next_step="Name files with letters.", detail=repr(error)
            ) from error
        name = f"{start}{entry.name}"
        info = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(info.st_mode):
            if entry.name not in ignored:
                yield from _walk(Path(entry.path), f"{name}/", ignored)
        else:
            yield Path(entry.path), name, info


def _stored(path: Path, blobs: Blobs) -> dict[str, Any]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        data = file.read()
    digest = blobs.put(data)
    return {"sha256": digest.removeprefix("sha256:"), "size": len(data)}


def pack(folder: Path, blobs: Blobs, bounds: Bounds, *, within: Path) -> dict[str, Any]:
    """Put a folder into the store as one layer: a tar archive whose bytes depend on its files alone.

    Returns ``{"digest", "size", "files"}``. Raises ``TooLarge``.
    """
    _check(folder, within)
    count = total = 0
    with tempfile.NamedTemporaryFile(dir=folder.parent) as draft:
        with tarfile.open(fileobj=draft, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for path, name, info in _walk(folder, "", frozenset()):
                if not stat.S_ISREG(info.st_mode):
                    continue
                total += info.st_size
                if total > bounds.layer:
                    raise TooLarge(
                        f"The installed packages are larger than {bounds.layer // 1024**3} GB.",
                        next_step="Take out packages that are not needed.",
                    )
                member = tarfile.TarInfo(name)
                member.size, member.mode = info.st_size, 0o755 if info.st_mode & 0o100 else 0o644
                with path.open("rb") as file:
                    archive.addfile(member, file)
                count += 1
        draft.flush()
        draft.seek(0)
        digest = f"sha256:{hashlib.file_digest(draft, 'sha256').hexdigest()}"
        blobs.put_file(Path(draft.name), digest)
        return {"digest": digest, "size": draft.tell(), "files": count}
