"""Payloads: what is personal or secret about a receipt, encrypted beside the ledger and erasable.

The receipt holds SHA-256(salt || canonical JSON). The salt of 32 random bytes is encrypted together with the content, so
once the row is emptied nobody can find out by guessing what the digest stood for, and the tree still verifies.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, insert, select, update

from greenlane.kit import digest as digests
from greenlane.kit.clock import Clock, SystemClock, stamp
from greenlane.kit.errors import GreenlaneError
from greenlane.ledger.append import Rows
from greenlane.ledger.tables import payload

SALT = 32
"""Random bytes in front of the content."""
NONCE = 12
"""Bytes of an AES-GCM nonce (NIST SP 800-38D)."""


class PayloadDamaged(GreenlaneError):
    """The stored content does not belong to its digest, or was encrypted with another key."""

    code = "payload-damaged"


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted payload, not yet stored: its digest for the receipt, its row for the ledger's transaction."""

    digest: str
    rows: Rows


class Payloads:
    """Seals, opens and forgets payloads with one AES-256-GCM key."""

    def __init__(self, key: bytes, *, clock: Clock | None = None) -> None:
        self._cipher = AESGCM(key)
        self._clock = clock or SystemClock()

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """With the key in that file (32 bytes, mode 0600), made on first use."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(32))
                file.flush()
                os.fsync(file.fileno())
        return cls(path.read_bytes())

    def seal(self, content: dict[str, Any]) -> Sealed:
        """Encrypt a payload. The same content sealed twice has two digests: each has its own salt."""
        plain = secrets.token_bytes(SALT) + digests.canonical(content)
        name = digests.sha256(plain)
        nonce = secrets.token_bytes(NONCE)
        row = {"digest": name, "nonce": nonce, "sealed": self._cipher.encrypt(nonce, plain, name.encode())}
        return Sealed(name, lambda connection: _insert(connection, row))

    def open(self, connection: Connection, digest: str) -> dict[str, Any] | None:
        """The content, or None when it was forgotten. Raises ``PayloadDamaged``."""
        row = connection.execute(select(payload).where(payload.c.digest == digest)).one_or_none()
        if row is None or row.sealed is None:
            return None
        content: dict[str, Any] = orjson.loads(self.unseal(digest, bytes(row.nonce), bytes(row.sealed))[SALT:])
        return content

    def unseal(self, digest: str, nonce: bytes, sealed: bytes) -> bytes:
        """Salt and content of a row. Raises ``PayloadDamaged`` when they are not what the digest says."""
        try:
            plain = self._cipher.decrypt(nonce, sealed, digest.encode())
        except InvalidTag as error:
            raise PayloadDamaged(f"The payload {digest[:19]} was changed, or its key is another one.") from error
        if f"sha256:{sha256(plain).hexdigest()}" != digest:
            raise PayloadDamaged(f"The payload {digest[:19]} is not what its receipt says.")
        return plain

    def forget(self, digest: str) -> Rows:
        """Rows that erase the content for good. The digest stays, with the time of forgetting."""
        emptied = {"nonce": None, "sealed": None, "forgotten": stamp(self._clock.now())}

        def rows(connection: Connection) -> None:
            connection.execute(
                update(payload).where(payload.c.digest == digest, payload.c.sealed.is_not(None)), emptied
            )

        return rows


def _insert(connection: Connection, row: dict[str, Any]) -> None:
    connection.execute(insert(payload), row)
