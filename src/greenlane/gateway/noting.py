"""How often what is asked in vain is written down: each time while it is seldom, together once somebody keeps asking.

A program that is told no ten thousand times a second must not fill the disk with it.
"""

from __future__ import annotations

from time import monotonic_ns

from greenlane.gateway.budgets.pace import Bucket

A_MINUTE, AT_ONCE = 600, 100
"""Records of one key's refusals, over time and after a rest."""
_KNOWN = 10_000


class Noting:
    """Counts the refusals of each key by their code."""

    def __init__(self) -> None:
        self._buckets: dict[str, Bucket] = {}
        self._kept_back: dict[tuple[str, str], int] = {}

    def times(self, key: str, code: str) -> int:
        """For how many refusals a record is to be written now: 0 for none, more than 1 where others were kept back."""
        now = monotonic_ns()
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= _KNOWN:
                self._buckets.clear()
            bucket = self._buckets[key] = Bucket(A_MINUTE, now, AT_ONCE)
        which = (key, code)
        times = self._kept_back.pop(which, 0) + 1
        if bucket.take(1, now):
            if len(self._kept_back) < _KNOWN:
                self._kept_back[which] = times
            return 0
        return times
