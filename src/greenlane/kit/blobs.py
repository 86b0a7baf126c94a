"""Immutable bytes under their own digest, in a folder or an S3-compatible store (obstore).

Writing the same bytes twice is the same as writing them once. What is read back is checked against its name, so bytes
that rotted or were swapped are never handed out.
"""

from __future__ import annotations

import errno
import os
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, from_url

from greenlane.kit import digest as digests
from greenlane.kit import disk
from greenlane.kit.errors import GreenlaneError, StorageFull, Unavailable

PATIENCE = timedelta(seconds=5)
"""How long a store over the network is asked again and again after a failure."""

_NO_ROOM = tuple(os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT))


class BlobMissing(GreenlaneError):
    """The store does not have these bytes, or has others under their name."""

    code = "blob-missing"


class BlobsAway(Unavailable):
    """The store does not answer."""

    code = "blobs-away"


class Blobs:
    """A write-once store. ``place`` is a folder's path or an address such as ``s3://bucket/prefix``."""

    def __init__(self, place: str | Path) -> None:
        self._folder: Path | None = None
        if "://" in str(place):
            self._store = from_url(str(place), retry_config={"max_retries": 3, "retry_timeout": PATIENCE})
        else:
            self._folder = Path(place)
            self._folder.mkdir(parents=True, exist_ok=True)
            self._store = LocalStore(str(self._folder))

    @staticmethod
    def _key(digest: str) -> str:
        letters = digests.bare(digest)
        return f"{letters[:2]}/{letters[2:]}"

    def put(self, data: bytes) -> str:
        """Store bytes and return their digest. Raises ``StorageFull`` when there is no room, ``BlobsAway``."""
        name = digests.sha256(data)
        self._put(name, data)
        return name

    def put_file(self, file: Path, digest: str) -> None:
        """Store a file whose digest the caller has just computed. Raises ``StorageFull``, ``BlobsAway``."""
        self._put(digest, file)

    def _put(self, name: str, data: bytes | Path) -> None:
        if self.has(name):
            return
        try:
            obstore.put(self._store, self._key(name), data, mode="create")
        except AlreadyExistsError:
            return
        except (OSError, BaseError) as error:
            raise _trouble(error) from error

    def sync(self) -> None:
        """Return when everything that was put survives a power cut. One call for many files costs like one.

        Raises like ``put``.
        """
        if self._folder is None:
            return
        try:
            disk.settle(self._folder)
        except OSError as error:
            raise _trouble(error) from error

    def has(self, digest: str) -> bool:
        """Whether the bytes are there. Raises ``BlobsAway``."""
        try:
            obstore.head(self._store, self._key(digest))
        except FileNotFoundError:
            return False
        except (OSError, BaseError) as error:
            raise _trouble(error) from error
        return True

    def get(self, digest: str) -> bytes:
        """The bytes of a digest. Raises ``BlobMissing`` when they are absent or not what their name says, ``BlobsAway``."""
        try:
            data = bytes(obstore.get(self._store, self._key(digest)).bytes())
        except FileNotFoundError as error:
            raise BlobMissing(f"The stored file {digest[:19]} is missing.", detail=str(error)) from error
        except (OSError, BaseError) as error:
            raise _trouble(error) from error
        if digests.sha256(data) != digest:
            raise BlobMissing(f"The stored file {digest[:19]} is damaged.", next_step="Restore it from a backup.")
        return data

    def path_of(self, digest: str) -> Path | None:
        """Where the bytes lie on this disk; None for a remote store."""
        return None if self._folder is None else self._folder / self._key(digest)


def _trouble(error: Exception) -> Unavailable:
    """What a store's error means: its drivers say the system's own words, without its number."""
    if any(words in str(error) for words in _NO_ROOM):
        return StorageFull(
            "There is no room left to store files.",
            next_step="Free some disk space; uploads go on by themselves afterwards.",
            detail=str(error),
        )
    return BlobsAway(
        "The store of files does not answer.",
        next_step="Try again in a moment; what arrived is not sent again.",
        detail=str(error),
    )
