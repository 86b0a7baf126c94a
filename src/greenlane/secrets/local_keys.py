"""Wrapping keys in files beside the data: ``variables.key``, and ``variables.2.key`` and so on after each change."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from greenlane.secrets.driver import KEY_BYTES, ValueUnreadable, Wrapped

NONCE = 12
"""Bytes of a nonce of AES-GCM (NIST SP 800-38D)."""


class LocalKeys:
    """Keys in files of mode 0600, made whole or not at all. The first file is ``path``; later ones carry a number."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbered = re.compile(rf"{re.escape(path.stem)}\.(\d+){re.escape(path.suffix)}")
        if not self._numbers():
            self._make(1)

    def newest(self) -> str:
        """The file with the highest number."""
        return _name(self._numbers()[-1])

    def names(self) -> tuple[str, ...]:
        """One name for each file that is there."""
        return tuple(map(_name, self._numbers()))

    def wrap(self, key: bytes, about: str) -> Wrapped:
        """AES-256-GCM with a fresh nonce; ``about`` is the associated data."""
        by, nonce = self.newest(), secrets.token_bytes(NONCE)
        return Wrapped(by, nonce + AESGCM(self._key(by)).encrypt(nonce, key, about.encode()))

    def unwrap(self, wrapped: Wrapped, about: str) -> bytes:
        """The key again. Raises ``ValueUnreadable``."""
        try:
            cipher = AESGCM(self._key(wrapped.by))
            return cipher.decrypt(wrapped.key[:NONCE], wrapped.key[NONCE:], about.encode())
        except (InvalidTag, ValueError) as error:  # too short for a nonce counts as changed
            raise _unreadable(self._file(wrapped.by), about) from error

    def renew(self) -> str:
        """Another file."""
        return _name(self._make(self._numbers()[-1] + 1))

    def forget(self, name: str) -> None:
        """Remove the file."""
        if name == self.newest():
            raise ValueError("the newest key is never forgotten")
        self._file(name).unlink(missing_ok=True)

    def first(self) -> bytes | None:
        """The first file's key, with which values were sealed before there were keys to wrap; None once forgotten."""
        return self._path.read_bytes() if self._path.exists() else None

    def _numbers(self) -> list[int]:
        found = (self._numbered.fullmatch(one.name) for one in self._path.parent.glob(f"{self._path.stem}*"))
        return sorted([int(one[1]) for one in found if one] + ([1] if self._path.exists() else []))

    def _file(self, name: str) -> Path:
        number = name.rpartition(":")[2]
        return self._path if number == "1" else self._path.with_name(f"{self._path.stem}.{number}{self._path.suffix}")

    def _key(self, name: str) -> bytes:
        try:
            return self._file(name).read_bytes()
        except FileNotFoundError as error:
            raise _unreadable(self._file(name), name) from error

    def _make(self, number: int) -> int:
        path = self._file(_name(number))
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as writer:
            writer.write(AESGCM.generate_key(KEY_BYTES * 8))
            writer.flush()
            os.fsync(writer.fileno())
        with suppress(FileExistsError):  # another process was faster: its key counts
            path.hardlink_to(fresh)
        fresh.unlink()
        return number


def _name(number: int) -> str:
    return f"file:{number}"


def _unreadable(file: Path, about: str) -> ValueUnreadable:
    return ValueUnreadable(
        "A stored value does not open.",
        next_step=f"Bring back the file keys/{file.name} that belongs to this database, or put the value in again.",
        detail=about,
    )
