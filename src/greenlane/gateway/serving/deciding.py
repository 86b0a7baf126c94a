"""What a record says of how its call was decided: the lane, why, and the digest of the rules.

The rules stand in the journal themselves, before the first call that they decided. Who holds the ledger can decide again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from greenlane.gateway import lanes
from greenlane.gateway.serving.recording import Recording
from greenlane.gateway.serving.standing import Standing
from greenlane.govern.decision import Lane
from greenlane.kit.clock import Clock, stamp


class Deciding:
    """Names the rules in force, and writes them down once in a worker's life. Raises as ``Recording.write`` does."""

    def __init__(self, standing: Standing, recording: Recording, clock: Clock) -> None:
        self._standing = standing
        self._recording = recording
        self._clock = clock
        self._written: set[str] = set()

    def passed(self, reasons: Sequence[str]) -> dict[str, Any]:
        """The decision about a call that goes on, for ``reasons`` of ``lanes.REASONS``."""
        return self._by(lanes.passed(reasons), reasons)

    def stopped(self, code: str) -> dict[str, Any]:
        """The decision about a call that does not go on, by the refusal's code."""
        return self._by(lanes.stopped(code), (code,))

    def _by(self, lane: Lane, reasons: Sequence[str]) -> dict[str, Any]:
        digest, rules = self._standing.in_force()
        if digest not in self._written:
            self._recording.write({"k": "rules", "at": stamp(self._clock.now()), "digest": digest, "rules": rules})
            self._written.add(digest)
        return {"lane": lane, "because": reasons, "rules": digest}
