"""What is known of providers between two sign-ins: their description and keys, read anew when it is time.

A provider that is away is remembered for a day. A key that nobody knows has the keys read once more, at most every few
seconds: so keys may change at any moment, and a stranger's tokens are no way to make us ask and ask.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from greenlane.identity.oidc import discovery, keys
from greenlane.identity.oidc.believing import KeyUnknown
from greenlane.identity.oidc.discovery import Discovered
from greenlane.identity.oidc.driver import NotReached, Wire
from greenlane.identity.oidc.keys import Keys
from greenlane.kit.clock import Clock

FRESH_FOR = 600.0
"""Seconds for which a description and keys are taken as they were read."""

KEPT_FOR = 86_400.0
"""Seconds for which they are taken while the provider does not answer."""

AGAIN_AFTER = 10.0
"""Seconds between two readings because of unknown keys."""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Entry:
    """A provider as it was read."""

    provider: Discovered
    keys: Keys
    read: float
    asked_again: float = float("-inf")


class Books:
    """Reads and remembers providers. Thread-safe."""

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self.wire = wire
        self._clock = clock
        self._entries: dict[tuple[str, tuple[str, ...]], Entry] = {}
        self._lock = threading.Lock()

    def of(self, issuer: str, networks: Sequence[str] = ()) -> Entry:
        """The provider of an issuer. Raises ``OidcRefused``, ``NotReached``."""
        place, now = (issuer, tuple(networks)), self._clock.monotonic()
        entry = self._entries.get(place)
        if entry is not None and now - entry.read < FRESH_FOR:
            return entry
        try:
            found = discovery.ask(self.wire, issuer, networks)
            fresh = Entry(found, keys.ask(self.wire, found.keys, networks), now)
        except NotReached:
            if entry is not None and now - entry.read < KEPT_FOR:
                return entry
            raise
        return self._kept(place, fresh)

    def believed(self, issuer: str, networks: Sequence[str], believe: Callable[[Entry], Found]) -> Found:
        """What comes of believing a token; with keys read anew where the token's is not known."""
        entry = self.of(issuer, networks)
        try:
            return believe(entry)
        except KeyUnknown:
            now = self._clock.monotonic()
            if now - entry.asked_again < AGAIN_AFTER:
                raise
            again = keys.ask(self.wire, entry.provider.keys, networks)
            return believe(self._kept((issuer, tuple(networks)), replace(entry, keys=again, asked_again=now)))

    def forget(self) -> None:
        """Read everything anew when it is next needed."""
        with self._lock:
            self._entries.clear()

    def _kept(self, place: tuple[str, tuple[str, ...]], entry: Entry) -> Entry:
        with self._lock:
            self._entries[place] = entry
        return entry
