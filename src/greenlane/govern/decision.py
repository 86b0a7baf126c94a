"""What the door decided, as data. A decision is a pure function of facts, verb and policy pack."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Lane(StrEnum):
    """How an action goes on. Declared from the easiest to the strictest."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    CLOSED = "closed"

    @property
    def words(self) -> str:
        """What people read instead of a colour."""
        return {
            Lane.GREEN: "went through",
            Lane.AMBER: "went through, with safeguards",
            Lane.RED: "needs a person",
            Lane.CLOSED: "not possible",
        }[self]

    @property
    def strictness(self) -> int:
        """0 for green to 3 for closed."""
        return list(Lane).index(self)


@dataclass(frozen=True, slots=True)
class Reason:
    """One policy that decided: its id, its sentence, what to do instead, who owns it, and the digest of its text."""

    policy: str
    says: str
    instead: str
    owner: str
    digest: str


@dataclass(frozen=True, slots=True)
class RiskPart:
    """One named line of the scorecard and the points it added (negative points speak for the change)."""

    name: str
    points: int
    says: str


@dataclass(frozen=True, slots=True)
class Risk:
    """The additive score, 0 to 100, with the parts that made it and the digest of the scorecard."""

    score: int
    parts: tuple[RiskPart, ...]
    model: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Lane + plain-language reasons + the policies that decided + risk + safeguards + the pack's digest."""

    lane: Lane
    reasons: tuple[Reason, ...]
    safeguards: tuple[str, ...]
    risk: Risk
    pack: str
    approved: bool = False
    """Whether a stored approval was taken into account."""

    @property
    def goes(self) -> bool:
        """Whether the effect may run: green, amber, or red with a person's approval."""
        return self.lane in {Lane.GREEN, Lane.AMBER} or (self.lane is Lane.RED and self.approved)

    def as_dict(self) -> dict[str, Any]:
        """The block ``decided`` of a receipt, without the facts."""
        return {
            "lane": str(self.lane),
            "reasons": [
                {
                    "policy": r.policy,
                    "says": r.says,
                    "instead": r.instead,
                    "owner": r.owner,
                    "digest": r.digest,
                }
                for r in self.reasons
            ],
            "safeguards": list(self.safeguards),
            "risk": {
                "score": self.risk.score,
                "parts": [{"name": p.name, "points": p.points, "says": p.says} for p in self.risk.parts],
                "model": self.risk.model,
            },
            "pack": self.pack,
            "approved": self.approved,
        }

    @classmethod
    def from_dict(cls, block: dict[str, Any]) -> Decision:
        """Read what ``as_dict`` wrote."""
        risk = block["risk"]
        return cls(
            lane=Lane(block["lane"]),
            reasons=tuple(Reason(**one) for one in block["reasons"]),
            safeguards=tuple(block["safeguards"]),
            risk=Risk(risk["score"], tuple(RiskPart(**one) for one in risk["parts"]), risk["model"]),
            pack=block["pack"],
            approved=block["approved"],
        )
