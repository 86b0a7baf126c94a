"""How values lie at rest: AES-256-GCM (NIST SP 800-38D) with a fresh nonce, bound to the place they belong to."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from greenlane.kit.errors import GreenlaneError

_NONCE = 12
_KEY = 32


class ValueUnreadable(GreenlaneError):
    """A sealed value does not open: the key is another one, or the bytes were changed or moved."""

    code = "value-unreadable"


class Sealing:
    """Seals and opens values under one key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    def at(cls, path: Path) -> Sealing:
        """With the key in a file, which is made with mode 0600 when there is none, whole or not at all."""
        if not path.exists():
            fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as writer:
                writer.write(AESGCM.generate_key(_KEY * 8))
                writer.flush()
                os.fsync(writer.fileno())
            with suppress(FileExistsError):  # another process was faster: its key counts
                path.hardlink_to(fresh)
            fresh.unlink()
        return cls(path.read_bytes())

    def seal(self, value: str, place: str) -> bytes:
        """Nonce and ciphertext. ``place`` says where the value belongs; it opens nowhere else."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, value.encode(), place.encode())

    def open(self, sealed: bytes, place: str) -> str:
        """The value. Raises ``ValueUnreadable``."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode()).decode()
        except InvalidTag as error:
            raise ValueUnreadable(
                "A stored value does not open.",
                next_step="Bring back the file keys/variables.key that belongs to this database, or put the value in again.",
                detail=place,
            ) from error
