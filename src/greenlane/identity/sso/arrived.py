"""Who has just arrived from a provider: what it vouched for, kept in memory under a one-time secret for a moment.

The callback believes a provider's answer once; the door's verb is then told the secret, and carries out exactly what
was believed. Nobody can make up such a secret, and what it stands for never leaves this process.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from greenlane.kit import ids

PREFIX = "arrived:"
"""How the secrets begin, which is how no other secret does."""

LASTS = timedelta(minutes=2)
"""How long one is kept: far longer than the door takes."""

MOST = 10_000
"""So many at the same moment; beyond that the oldest is forgotten."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a provider vouched for, once it was believed.

    ``provider`` is our id for it, ``external`` its own unchanging id for the person, ``message`` the digest of its
    token or assertion, and ``newcomer`` the id that somebody new here would get.
    """

    provider: str
    name: str
    external: str = field(repr=False)
    message: str
    until: datetime
    state: str
    display_name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    groups: tuple[str, ...] | None = field(default=None, repr=False)
    """None where the provider says nothing of groups."""
    sid: str | None = None
    name_id: str | None = field(default=None, repr=False)
    format: str | None = None
    qualifiers: tuple[str, str] | None = field(default=None, repr=False)
    ends: datetime | None = None
    """When the provider wants the session to end; None where it does not say."""
    hint: bytes | None = field(default=None, repr=False)
    """The sealed ID token, where the provider wants it back when somebody signs out."""
    newcomer: str = field(default_factory=lambda: ids.new("p"))
    identity: str = field(default_factory=lambda: ids.new("idn"))


class Arrived:
    """Keeps them. Thread-safe."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Vouched, datetime]] = {}
        self._lock = threading.Lock()

    def keep(self, vouched: Vouched, now: datetime) -> str:
        """A secret that stands for it."""
        secret = PREFIX + secrets.token_urlsafe(32)
        with self._lock:
            for old in [one for one, (_, ends) in self._kept.items() if ends <= now]:
                del self._kept[old]
            while len(self._kept) >= MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[secret] = (vouched, now + LASTS)
        return secret

    def of(self, secret: str, now: datetime) -> Vouched | None:
        """What a secret stands for; None for what never did, or does no longer."""
        vouched, ends = self._kept.get(secret, (None, now))
        return vouched if ends > now else None

    def forget(self, secret: str) -> None:
        """It was used."""
        with self._lock:
            self._kept.pop(secret, None)
