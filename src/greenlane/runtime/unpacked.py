"""The files of a release as a folder: written once under the manifest's digest, shared by whatever runs them."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from uuid import uuid4

import orjson

from greenlane.kit import digest
from greenlane.kit.blobs import Blobs


class Unpacked:
    """Folders under ``folder``, made from ``blobs``. Thread-safe; what was half written when a process was killed is
    never used.
    """

    def __init__(self, folder: Path, blobs: Blobs) -> None:
        self._folder = folder
        self._blobs = blobs
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in folder.glob("*.new"):
            shutil.rmtree(left)

    def of(self, manifest: str) -> tuple[Path, bool]:
        """The folder of a manifest's files, and whether it was made just now. Raises ``BlobMissing``, ``BlobsAway``."""
        name = digest.bare(manifest)
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            place = self._folder / name
            if place.is_dir():
                return place, False
            draft = self._folder / f"{name}.{uuid4().hex[:8]}.new"
            try:
                self._write(manifest, draft)
                draft.rename(place)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
            return place, True

    def _write(self, manifest: str, draft: Path) -> None:
        """Readable by everybody: the folder above is not, and a sandbox's user owns nothing here."""
        draft.mkdir()
        draft.chmod(0o755)
        for path, entry in orjson.loads(self._blobs.get(manifest))["files"].items():
            file = draft / path
            _folders(draft, file.parent)
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
            with os.fdopen(descriptor, "wb") as opened:
                os.fchmod(descriptor, 0o644)
                opened.write(self._blobs.get(entry["sha256"]))


def _folders(top: Path, wanted: Path) -> None:
    missing = []
    while wanted != top and not wanted.exists():
        missing.append(wanted)
        wanted = wanted.parent
    for one in reversed(missing):
        one.mkdir()
        one.chmod(0o755)
