"""The bytes of files: in memory as they are and compressed, or piece by piece from the disk.

A file is read, checked against its digest and compressed once, in a thread, whoever asks first; everybody else who
asks meanwhile waits for the same reading.
"""

from __future__ import annotations

import asyncio
import os
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any, TypeVar

import brotli
import orjson

from greenlane.edge.files import File, Manifest, manifest
from greenlane.kit import digest as digests
from greenlane.kit.blobs import BlobMissing, Blobs
from greenlane.kit.wire.bounded import Bounded
from greenlane.runtime.fallback import FALLBACK, REDIRECTS, RULES_AT_MOST, leads_home

_PIECE = 256 * 1024
_SLOW_UP_TO = 256 * 1024
"""Up to this size the best compression is bought; beyond it a quick one, so that a first visitor does not wait."""
_ENTRY_WEIGHT = 400
"""Bytes of memory for one file in a manifest."""

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Variant:
    """A file's bytes in one coding: ``br``, ``gzip`` or none (empty), the latter also when compressing gained nothing."""

    coding: bytes
    data: bytes


class Contents:
    """Files and manifests out of a store. ``room`` bounds the memory for them, in bytes."""

    def __init__(self, blobs: Blobs, room: int) -> None:
        self._blobs = blobs
        self._variants: Bounded[tuple[str, bytes], Variant] = Bounded(room * 3 // 4)
        self._manifests: Bounded[str, Manifest] = Bounded(room // 4)
        self._running: dict[object, asyncio.Task[Any]] = {}
        self._checked: Bounded[tuple[str, int, int], bool] = Bounded(100_000)

    def manifest(self, digest: str) -> Manifest | None:
        """A deploy's files if they are in memory."""
        return self._manifests.get(digest)

    def variant(self, digest: str, coding: bytes) -> Variant | None:
        """A file's bytes in a coding if they are in memory."""
        return self._variants.get((digest, coding))

    async def load_manifest(self, digest: str) -> Manifest:
        """A deploy's files. Raises ``BlobMissing``."""
        found = self._manifests.get(digest)
        if found is None:
            found = await self._once(digest, lambda: _read_manifest(self._blobs, digest))
            self._manifests.put(digest, found, len(found) * _ENTRY_WEIGHT)
        return found

    async def load(self, digest: str, coding: bytes) -> Variant:
        """A file's bytes in a coding. Raises ``BlobMissing``."""
        key = (digest, coding)
        found = self._variants.get(key)
        if found is None:
            found = await self._once(key, lambda: _compress(self._blobs.get(digest), coding))
            self._variants.put(key, found, len(found.data) + 200)
        return found

    async def pieces(self, file: File, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from ``start`` to before ``end``, read as they are taken. Raises ``BlobMissing`` before the first."""
        path = self._blobs.path_of(file.digest)
        if path is None:
            data = await asyncio.to_thread(self._blobs.get, file.digest)
            for offset in range(start, end, _PIECE):
                yield data[offset : min(offset + _PIECE, end)]
            return
        await self._once(path, lambda: self._check(path, file))
        descriptor = os.open(path, os.O_RDONLY)
        try:
            while start < end:
                piece = await asyncio.to_thread(os.pread, descriptor, min(_PIECE, end - start), start)
                if not piece:
                    raise BlobMissing(f"The stored file {file.digest[:19]} became shorter.")
                start += len(piece)
                yield piece
        finally:
            os.close(descriptor)

    def _check(self, path: Path, file: File) -> None:
        """Compare a large file with its digest, once for each state that the disk reports of it."""
        try:
            with path.open("rb") as data:
                status = os.fstat(data.fileno())
                state = (file.digest, status.st_mtime_ns, status.st_size)
                if self._checked.get(state) is not None:
                    return
                found = file_digest(data, "sha256").hexdigest()
        except FileNotFoundError as error:
            raise BlobMissing(f"The stored file {file.digest[:19]} is missing.", detail=str(error)) from error
        if found != digests.bare(file.digest):
            raise BlobMissing(f"The stored file {file.digest[:19]} is damaged.", next_step="Restore it from a backup.")
        self._checked.put(state, True, 1)

    async def _once(self, key: object, work: Callable[[], V]) -> V:
        """Do the work in a thread, once for all who want it at the same time."""
        running = self._running.get(key)
        if running is None:
            running = asyncio.create_task(asyncio.to_thread(work))
            self._running[key] = running
            running.add_done_callback(lambda done: self._over(key, done))
        answer: V = await asyncio.shield(running)
        return answer

    def _over(self, key: object, done: asyncio.Task[Any]) -> None:
        del self._running[key]
        if not done.cancelled():
            done.exception()


def _read_manifest(blobs: Blobs, digest: str) -> Manifest:
    try:
        files = manifest(orjson.loads(blobs.get(digest)))
    except (KeyError, TypeError, ValueError) as error:
        raise BlobMissing(f"The manifest {digest[:19]} cannot be read.", detail=str(error)) from error
    rules, home = files.get(REDIRECTS), files.get("index.html")
    if FALLBACK in files or home is None or rules is None or rules.size > RULES_AT_MOST:
        return files
    return {**files, FALLBACK: home} if leads_home(blobs.get(rules.digest)) else files


def _compress(data: bytes, coding: bytes) -> Variant:
    if coding == b"br":
        small = brotli.compress(data, quality=9 if len(data) <= _SLOW_UP_TO else 5)
    elif coding == b"gzip":
        packer = zlib.compressobj(9 if len(data) <= _SLOW_UP_TO else 6, zlib.DEFLATED, 31)
        small = packer.compress(data) + packer.flush()
    else:
        return Variant(b"", data)
    return Variant(coding, small) if len(small) < len(data) else Variant(b"", data)
