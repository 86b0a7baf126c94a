"""Which providers and which of their credentials are left alone for a while, because they refused or failed lately."""

from __future__ import annotations

from time import monotonic

from greenlane.gateway.serving.standing import Credential, Provider

_FIRST, _LONGEST = 2.0, 60.0
"""Seconds that a provider rests after it failed once, and at most: each further failure doubles them."""
_AFTER = 3
"""Failures in a row before a provider rests that said nothing of how long; what may be one bad answer is no trouble."""
_CREDENTIAL = 60.0
"""Seconds until a credential that was refused is tried again, where others are left."""


class Resting:
    """What this worker met of late. ``providers`` may be looked into by whoever routes."""

    def __init__(self) -> None:
        self._failed: dict[str, int] = {}
        self._until: dict[str, float] = {}
        self._refused: dict[str, float] = {}

    @property
    def providers(self) -> frozenset[str]:
        """Those that rest just now."""
        if not self._until:
            return frozenset()
        now = monotonic()
        self._until = {name: until for name, until in self._until.items() if until > now}
        return frozenset(self._until)

    def failed(self, provider: str, retry_after: float | None = None) -> bool:
        """It failed, or asked to be left alone for so many seconds. Whether it begins to rest now."""
        failures = self._failed[provider] = self._failed.get(provider, 0) + 1
        if retry_after is None and failures < _AFTER:
            return False
        pause = min(_FIRST * 2 ** min(failures - 1, 8), _LONGEST) if retry_after is None else min(retry_after, _LONGEST)
        begins = provider not in self._until
        self._until[provider] = max(self._until.get(provider, 0.0), monotonic() + pause)
        return begins

    def served(self, provider: str) -> None:
        """It answered as it should."""
        if provider in self._failed:
            del self._failed[provider]
            self._until.pop(provider, None)

    def refused(self, credential: Credential) -> None:
        """The provider does not believe this credential."""
        self._refused[credential.id] = monotonic() + _CREDENTIAL

    def credentials(self, provider: Provider) -> tuple[Credential | None, ...]:
        """In which order a provider's credentials are tried; None for a provider that needs none."""
        if not provider.credentials:
            return (None,)
        if not self._refused:
            return provider.credentials
        now = monotonic()
        self._refused = {name: until for name, until in self._refused.items() if until > now}
        return tuple(sorted(provider.credentials, key=lambda one: one.id in self._refused))
