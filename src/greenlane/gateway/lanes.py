"""How a call to a model was decided: its lane, and why.

A call passes no policy engine: it is checked against rules that governed acts have set, in memory. What it carries away is
the same decision as any other action's, by the same lanes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from greenlane.govern.decision import Lane

AGREED = "agreed"
ASKS = "data-needs-a-person"
"""The code of a refusal that a person can lift."""

REASONS = {
    "unpriced": "Its model has no price, so twice its provider's dearest was set aside.",
    "budget-spent": "A budget that stops no calls is spent.",
    "instead": "It went on with a cheaper model.",
    "clamped": "Its answer was limited to what a budget has left.",
    "masked": "Data in its prompt was hidden before it left.",
    AGREED: "A person agreed that the data in its prompt may go.",
}
"""What made a call anything but green, in a sentence."""


def passed(reasons: Sequence[str]) -> Lane:
    """The lane of a call that went on. ``reasons`` are names of ``REASONS``."""
    if AGREED in reasons:
        return Lane.RED
    return Lane.AMBER if reasons else Lane.GREEN


def stopped(code: str) -> Lane:
    """The lane of a call that did not go on: whether a person could let it through."""
    return Lane.RED if code == ASKS else Lane.CLOSED


def words(decided: Mapping[str, Any]) -> str:
    """The lane as people read it."""
    lane = Lane(decided["lane"])
    return "went through, because a person agreed" if AGREED in decided["because"] else lane.words


def sentences(decided: Mapping[str, Any]) -> list[str]:
    """Why, a sentence a reason; none for what a refusal's own words tell."""
    return [REASONS[one] for one in decided["because"] if one in REASONS]
