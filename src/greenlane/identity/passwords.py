"""Passwords as they are kept: argon2id in the second profile of RFC 9106 (64 MiB, three passes), and nothing else.

A name that nobody has costs as much as a wrong password, so that the time of an answer tells nobody who is here.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from greenlane.identity.strength import LONGEST, normal

AT_ONCE = 2
"""Hashes that are computed at the same moment: each takes 64 MiB, and a flood of attempts must not take the machine."""

_REMEMBERED = 32


class Passwords:
    """Makes and checks hashes. Thread-safe."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._key = secrets.token_bytes(32)
        self._right: set[bytes] = set()
        self._nobodys = self.hashed(secrets.token_urlsafe(24))

    def hashed(self, password: str) -> str:
        """The text that is stored: algorithm, parameters, salt and hash."""
        with self._turns:
            return self._hasher.hash(normal(password))

    def matches(self, stored: str | None, typed: str) -> bool:
        """Whether a typed password is the stored one. ``None`` is checked as long, and never matches.

        The door asks a second time what the sign-in page asked a moment before: the last right answers are remembered
        by a keyed digest, for one more question each.
        """
        known = hmac.digest(self._key, f"{stored}\n{typed}".encode(), "sha256")
        if known in self._right:
            self._right.discard(known)
            return True
        with self._turns, _tolerated():
            self._hasher.verify(stored or self._nobodys, normal(typed)[:LONGEST])
            if stored is not None:
                if len(self._right) >= _REMEMBERED:
                    self._right.clear()
                self._right.add(known)
                return True
        return False

    def outdated(self, stored: str) -> bool:
        """Whether a hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(stored)


@contextmanager
def _tolerated() -> Iterator[None]:
    """A wrong password, and a hash that cannot be read, are no match."""
    try:
        yield
    except (VerificationError, InvalidHashError):
        return
