"""Limits by the minute: of requests and of tokens. A bucket that fills by itself, counted in integers."""

from __future__ import annotations

MINUTE = 60 * 10**9
"""Nanoseconds; a bucket counts in parts of a token that are this small, so that nothing is ever rounded away."""


class Bucket:
    """Lets ``per_minute`` through, and up to ``burst`` at once after a rest (by default a whole minute's worth).

    Moments are nanoseconds of a clock that never goes back. Workers share a limit by having a part of it each.
    """

    __slots__ = ("_full", "_level", "_looked", "_per_minute")

    def __init__(self, per_minute: int, now: int, burst: int | None = None) -> None:
        if per_minute < 1 or (burst is not None and burst < 1):
            raise ValueError("a limit lets something through")
        self._per_minute = per_minute
        self._full = (per_minute if burst is None else burst) * MINUTE
        self._level = self._full
        self._looked = now

    def take(self, amount: int, now: int) -> int:
        """Take ``amount`` and answer 0, or take nothing and answer for how many nanoseconds there is no point in asking.

        What is larger than the bucket goes through when it is full, and is owed.
        """
        self._fill(now)
        missing = min(amount * MINUTE, self._full) - self._level
        if missing > 0:
            return -(-missing // self._per_minute)
        self._level -= amount * MINUTE
        return 0

    def correct(self, more: int, now: int) -> None:
        """What a call took turned out to be ``more`` than was taken; negative for less."""
        self._fill(now)
        self._level = min(self._full, self._level - more * MINUTE)

    def _fill(self, now: int) -> None:
        if now > self._looked:
            self._level = min(self._full, self._level + (now - self._looked) * self._per_minute)
            self._looked = now
