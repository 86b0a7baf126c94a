"""The verb that counts anew what calls cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from greenlane.govern.action import EffectClass, verb
from greenlane.govern.errors import WrongInput


@verb(
    "reprice-calls",
    effect=EffectClass.WRITE,
    says="{actor} {counted|count} anew what calls from {since} to {until} cost",
)
@dataclass(frozen=True, slots=True)
class RepriceCalls:
    """Count anew what calls cost, at the prices that are set now. What was charged at first stays readable beside it."""

    since: Annotated[str, "the first day, such as 2026-11-01; days are in UTC"]
    until: Annotated[str, "the last day"]
    provider: Annotated[str, "calls that this provider served; of all when left out"] = ""
    model: Annotated[str, "calls that this model served; of all when left out"] = ""

    def __post_init__(self) -> None:
        if _day(self.since, "since") > _day(self.until, "until"):
            raise WrongInput("The last day comes before the first.", next_step="Turn them round.", field="until")


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongInput(f"{text!r} is no day.", next_step="Write it like 2026-11-01.", field=field) from None
