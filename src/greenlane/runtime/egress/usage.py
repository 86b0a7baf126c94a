"""What went out, counted by app, environment, deploy and host, and kept in a journal that control takes into the ledger."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from greenlane.kit import digest
from greenlane.kit.clock import Clock
from greenlane.ledger.batches import Journal
from greenlane.runtime.egress.policy import Refused, Sandbox

Outcome = Literal["allowed", "refused"]

OTHERS = "(others)"
"""What hosts are called where a sandbox asked for too many, so that nobody fills the record with made-up names."""

_MOST = 500
"""Hosts of one sandbox that are told apart."""


@dataclass(slots=True)
class Count:
    """How often, and how many bytes each way."""

    times: int = 0
    sent: int = 0
    received: int = 0

    def __bool__(self) -> bool:
        return bool(self.times or self.sent or self.received)


@dataclass(frozen=True, slots=True)
class Which:
    """What is counted together. ``why`` is the refusal's code."""

    app: str
    environment: str
    deploy: str
    use: str
    host: str
    port: int
    outcome: Outcome
    why: str = ""


@dataclass(slots=True)
class Usage:
    """The counts since the last ``take``, and those of each sandbox since it was opened."""

    _counts: dict[Which, Count] = field(default_factory=dict)
    _whole: dict[str, dict[Which, Count]] = field(default_factory=dict)

    def allowed(self, one: Sandbox, host: str, port: int) -> Callable[[int, int], None]:
        """A connection goes out. Returns what is called with the bytes sent and received as they pass."""
        which = Which(one.app, one.environment, one.deploy, one.use, host, port, "allowed")
        self._add(one.name, which, times=1)
        return lambda sent, received: self._add(one.name, which, sent=sent, received=received)

    def refused(self, one: Sandbox, host: str, port: int, why: Refused) -> None:
        """Something was asked for in vain."""
        which = Which(one.app, one.environment, one.deploy, one.use, host, port, "refused", why.code)
        self._add(one.name, which, times=1)

    def of(self, name: str) -> list[dict[str, Any]]:
        """What a sandbox used since it was opened."""
        return [_told(which, count) for which, count in self._whole.get(name, {}).items()]

    def received(self, name: str) -> int:
        """Bytes that a sandbox took in since it was opened."""
        return sum(count.received for count in self._whole.get(name, {}).values())

    def forget(self, name: str) -> None:
        """A sandbox is over; what it used stays on its way to the record."""
        self._whole.pop(name, None)

    def take(self) -> list[dict[str, Any]]:
        """What was counted; counting starts anew."""
        counts, self._counts = self._counts, {}
        return [_told(which, count) for which, count in counts.items() if count]

    def _add(self, name: str, which: Which, *, times: int = 0, sent: int = 0, received: int = 0) -> None:
        known = self._whole.setdefault(name, {})
        if which not in known and len(known) >= _MOST:
            which = replace(which, host=OTHERS, port=0)
        for counts in (self._counts, known):
            count = counts.setdefault(which, Count())
            count.times += times
            count.sent += sent
            count.received += received


def _told(which: Which, count: Count) -> dict[str, Any]:
    return {**asdict(which), **asdict(count)}


class UsageJournal:
    """Keeps what was counted."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._journal = Journal(folder)
        self._clock = clock

    def write(self, records: deque[dict[str, Any]]) -> None:
        """Take from the front what is kept, and make it durable. Raises ``StorageFull``; then the rest is still there."""
        at = self._clock.now().strftime("%Y-%m-%dT%H:%MZ")
        if not records:
            return
        while records:
            self._journal.append(digest.canonical({"kind": "egress", "minute": at, **records[0]}))
            records.popleft()
        self._journal.sync()

    def seal(self) -> None:
        """A batch for control."""
        self._journal.seal()

    def close(self) -> None:
        """Let go of the file."""
        self._journal.seal()
        self._journal.close()
