"""What the stand-in charges: copied by hand from the three providers' pages in November 2026, dollars for a million tokens.

By hand, and from nowhere else, because the platform's own table is what it is held against.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Family = Literal["openai", "anthropic", "gemini"]


@dataclass(frozen=True, slots=True)
class Counts:
    """What was used, each token in one field alone; ``said`` has the thoughts in it."""

    plain: int = 0
    cached: int = 0
    written: int = 0
    written_hour: int = 0
    said: int = 0
    thought: int = 0

    @property
    def read(self) -> int:
        return self.plain + self.cached + self.written + self.written_hour


@dataclass(frozen=True, slots=True)
class Model:
    """Of a family, with prices, and with habits: whether it thinks, how long a vector it gives, and the date that stands
    behind its name in an answer.
    """

    family: Family
    plain: str
    cached: str
    said: str
    written: str = ""
    written_hour: str = ""
    thinks: bool = False
    numbers: int = 0
    dated: str = ""

    def cost(self, counts: Counts) -> int:
        """Pico-dollars."""
        rates = (
            (counts.plain, self.plain),
            (counts.cached, self.cached),
            (counts.written, self.written or self.plain),
            (counts.written_hour, self.written_hour or self.plain),
            (counts.said, self.said),
        )
        return int(sum(number * Decimal(dollars) * 10**6 for number, dollars in rates))


MODELS: dict[str, Model] = {
    "gpt-5.1": Model("openai", "1.25", "0.125", "10", thinks=True, dated="-2025-11-13"),
    "gpt-5-mini": Model("openai", "0.25", "0.025", "2", thinks=True, dated="-2025-08-07"),
    "gpt-4.1-mini": Model("openai", "0.40", "0.10", "1.60", dated="-2025-04-14"),
    "gpt-4o-mini": Model("openai", "0.15", "0.075", "0.60", dated="-2024-07-18"),
    "text-embedding-3-small": Model("openai", "0.02", "0.02", "0", numbers=1536),
    "claude-opus-4-5": Model("anthropic", "5", "0.50", "25", "6.25", "10", dated="-20251101"),
    "claude-sonnet-4-6": Model("anthropic", "3", "0.30", "15", "3.75", "6"),
    "claude-haiku-4-5": Model("anthropic", "1", "0.10", "5", "1.25", "2", dated="-20251001"),
    "gemini-2.5-flash": Model("gemini", "0.30", "0.03", "2.50"),
    "gemini-3-flash-preview": Model("gemini", "0.50", "0.05", "3", thinks=True),
    "gemini-embedding-001": Model("gemini", "0.15", "0.15", "0", numbers=3072),
}


def plain(name: str) -> str:
    """A model's name without its maker in front and without a date behind."""
    name = name.rpartition("/")[2]
    return next((known for known, model in MODELS.items() if model.dated and name == known + model.dated), name)


def served_as(name: str) -> str:
    """The name that an answer bears."""
    return name + MODELS[name].dated
