"""What a backup says of itself, and what can be wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import IO, Any, cast

import orjson
import psycopg
from sqlalchemy import Connection

from greenlane.kit.errors import GreenlaneError

FORMAT = "greenlane-backup/1"
"""The layout of the file."""
MANIFEST = "manifest.json"
"""The last member."""
DATABASE = "database"
"""Before the names of what the database holds."""
FILES = "files"
"""Before the names of the folder's files."""
PIECE = 1 << 20
"""Bytes that are read at once."""


class BackupTrouble(GreenlaneError):
    """A backup could not be written or brought back; nothing was changed."""

    code = "backup-trouble"


class BackupDamaged(BackupTrouble):
    """The file is not a whole backup, or something in it is not what its digest says."""

    code = "backup-damaged"


@dataclass(frozen=True, slots=True)
class Kept:
    """One member of the file: its size in bytes and the hexadecimal SHA-256 of its content."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself. ``tables`` are the columns by table on PostgreSQL, in the order of restoring."""

    made: str
    version: str
    dialect: str
    revision: str
    tables: Mapping[str, list[str]]
    members: Mapping[str, Kept]

    def encode(self) -> bytes:
        """As the bytes of ``manifest.json``."""
        return orjson.dumps({"format": FORMAT, **asdict(self)}, option=orjson.OPT_INDENT_2) + b"\n"

    @classmethod
    def decode(cls, data: bytes) -> Manifest:
        """From the bytes of ``manifest.json``. Raises ``BackupDamaged``."""
        try:
            document = orjson.loads(data)
            if document.pop("format") != FORMAT:
                raise ValueError("another format")
            members = {name: Kept(**kept) for name, kept in document.pop("members").items()}
            return cls(members=members, **document)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BackupDamaged(
                "This file is no backup that this release can read.",
                next_step="Name a file that `greenlane backup` wrote.",
                detail=str(error),
            ) from error

    @property
    def size(self) -> int:
        """Bytes of all members."""
        return sum(kept.size for kept in self.members.values())


class Hashed:
    """A file that hashes what is read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.hash = sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._file.read(size)
        self.hash.update(data)
        return data


def postgres(connection: Connection) -> psycopg.Connection[Any]:
    """The driver's own connection."""
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


def reason(error: Exception) -> str:
    """What an error of the system or the database says, in one line."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (said.strip().splitlines() or [type(error).__name__])[0].rstrip(".").lower()
