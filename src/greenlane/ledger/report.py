"""What verification found, of a ledger or of an export of one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """The first receipt that does not hold, and why. It is the place from which on the ledger cannot be relied on."""

    seq: int
    reason: str

    def __str__(self) -> str:
        return f"Receipt {self.seq} does not hold: {self.reason}."


@dataclass(frozen=True, slots=True)
class Report:
    """What verification found. ``signed`` and ``witnessed`` are sizes; ``witnessed`` is None when no witness spoke.

    ``payloads`` is how many unforgotten payloads were checked against their digests, None without their key.
    """

    size: int
    signed: int
    witnessed: int | None
    payloads: int | None
    fault: Fault | None

    @property
    def holds(self) -> bool:
        """Whether nothing was found wrong."""
        return self.fault is None

    def words(self) -> list[str]:
        """What a person reads: one sentence a line."""
        lines = [str(self.fault)] if self.fault else [f"All {self.size} receipts hold; {self.signed} are signed for."]
        if self.size > self.signed and not self.fault:
            lines.append(f"The newest {self.size - self.signed} are being signed.")
        if self.witnessed is None:
            lines.append("No witness was asked, so an old copy put in the ledger's place would not be noticed.")
        else:
            lines.append(f"The witness has seen {self.witnessed}.")
        if self.payloads is not None:
            lines.append(f"{self.payloads} payloads belong to their digests.")
        return lines
