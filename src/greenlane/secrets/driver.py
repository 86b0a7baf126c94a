"""The seam to whoever keeps the keys that wrap other keys: a file here, a key service elsewhere.

A driver never gives a wrapping key away. It wraps and unwraps small keys, each bound to what it is for, and makes a new
wrapping key when asked; the old ones go on unwrapping until they are forgotten. One suite of tests holds for every
driver (``tests/secrets/test_key_drivers.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from greenlane.kit.errors import GreenlaneError, Unavailable

KEY_BYTES = 32
"""Bytes of the keys that seal values: AES-256."""


class ValueUnreadable(GreenlaneError):
    """A sealed value does not open: the key is another one, or the bytes were changed or moved."""

    code = "value-unreadable"


class KeysAway(Unavailable):
    """Whoever keeps the wrapping keys does not answer; nothing was sealed or opened, and trying again is safe."""

    code = "keys-away"


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A key under another key. ``by`` is the driver's name for the one that wrapped it."""

    by: str
    key: bytes


class KeyDriver(Protocol):
    """Keeps wrapping keys. Thread-safe. Every call may raise ``KeysAway``."""

    def newest(self) -> str:
        """The name of the key that wraps from now on."""

    def names(self) -> tuple[str, ...]:
        """The names of every key that still unwraps, the oldest first."""

    def wrap(self, key: bytes, about: str) -> Wrapped:
        """A key of ``KEY_BYTES`` under the newest wrapping key, bound to ``about``."""

    def unwrap(self, wrapped: Wrapped, about: str) -> bytes:
        """The key again. Raises ``ValueUnreadable`` when key, bytes or ``about`` are not those it was wrapped with."""

    def renew(self) -> str:
        """Make another wrapping key, which is the newest from now on. Answers its name."""

    def forget(self, name: str) -> None:
        """Destroy a wrapping key; what it wrapped opens no more. The newest one is never forgotten."""
