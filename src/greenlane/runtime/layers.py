"""Layers: installed packages as one content-addressed archive, unpacked once on a machine and shared by all who use it.

A layer is made by a build, named by the digest of its bytes, and never changes. Twenty apps with the same packages
share one copy on the disk and in the page cache.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
import threading
from pathlib import Path

from greenlane.kit import digest as digests
from greenlane.kit.blobs import BlobMissing, Blobs

_CHUNK = 1024 * 1024


class Layers:
    """Layers unpacked below one folder, which only the platform writes. Safe to use from several threads."""

    def __init__(self, folder: Path, blobs: Blobs) -> None:
        self._folder = folder
        self._blobs = blobs
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)

    def place(self, digest: str) -> Path:
        """The folder of a layer, for a read-only mount. Raises ``BlobMissing`` when its bytes are absent or damaged."""
        place = self._folder / digests.bare(digest)
        with self._lock:
            if not place.is_dir():
                self._unpack(digest, place)
        return place

    def _unpack(self, digest: str, place: Path) -> None:
        draft = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            archive = self._blobs.path_of(digest)
            if archive is None or not archive.exists():
                archive = draft.with_suffix(".tar")
                archive.write_bytes(self._blobs.get(digest))
            with archive.open("rb") as file:
                if f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}" != digest:
                    raise BlobMissing(f"The packages {digest[:19]} are damaged.", next_step="Restore from a backup.")
                file.seek(0)
                _files(file, draft)
            draft.chmod(0o755)
            draft.rename(place)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            draft.with_suffix(".tar").unlink(missing_ok=True)


def _files(archive: object, folder: Path) -> None:
    """Files alone, below the folder: we packed them ourselves, and still believe nothing."""
    with tarfile.open(fileobj=archive, mode="r:") as members:  # type: ignore[call-overload]  # an open binary file
        for member in members:
            parts = member.name.split("/")
            if not member.isreg() or member.name.startswith("/") or any(part in ("", ".", "..") for part in parts):
                continue
            place = folder.joinpath(*parts)
            _folders(folder, parts[:-1])
            content = members.extractfile(member)
            assert content is not None, "a file has content"
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                shutil.copyfileobj(content, file, _CHUNK)
                os.fchmod(descriptor, member.mode & 0o755 | 0o444)  # whoever runs it reads it, whatever our umask is


def _folders(folder: Path, parts: list[str]) -> None:
    """The folders of a file, which whoever runs it may enter, whatever our umask is."""
    place = folder
    for part in parts:
        place /= part
        if not place.is_dir():
            place.mkdir()
            place.chmod(0o755)
