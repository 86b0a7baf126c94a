"""Wrapping keys in memory, for tests. ``away`` makes it a key service that does not answer."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from greenlane.secrets.driver import KEY_BYTES, KeysAway, ValueUnreadable, Wrapped

_NONCE = bytes(12)
"""Safe only because each wrapping key here is used for keys that are random themselves, and for tests alone."""


class FakeKeys:
    """Keys that are gone with the process."""

    def __init__(self) -> None:
        self.away = False
        self._keys: dict[str, AESGCM] = {}
        self.made = 0
        self.renew()

    def newest(self) -> str:
        """The one made last."""
        self._answer()
        return list(self._keys)[-1]

    def names(self) -> tuple[str, ...]:
        """All that were not forgotten."""
        self._answer()
        return tuple(self._keys)

    def wrap(self, key: bytes, about: str) -> Wrapped:
        """The key under the newest one."""
        by = self.newest()
        return Wrapped(by, self._keys[by].encrypt(_NONCE, key, about.encode()))

    def unwrap(self, wrapped: Wrapped, about: str) -> bytes:
        """The key again. Raises ``ValueUnreadable``."""
        self._answer()
        try:
            return self._keys[wrapped.by].decrypt(_NONCE, wrapped.key, about.encode())
        except (KeyError, InvalidTag) as error:
            raise ValueUnreadable("A stored value does not open.", next_step="Make it again.", detail=about) from error

    def renew(self) -> str:
        """One key more."""
        self._answer()
        self.made += 1
        self._keys[f"fake:{self.made}"] = AESGCM(AESGCM.generate_key(KEY_BYTES * 8))
        return f"fake:{self.made}"

    def forget(self, name: str) -> None:
        """One key less."""
        if name == self.newest():
            raise ValueError("the newest key is never forgotten")
        self._keys.pop(name, None)

    def _answer(self) -> None:
        if self.away:
            raise KeysAway("The key service does not answer.", next_step="Try again in a moment.")
