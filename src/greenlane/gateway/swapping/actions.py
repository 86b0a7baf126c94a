"""The verb that changes several routes at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from greenlane.gateway.swapping import plan
from greenlane.govern.action import EffectClass, verb
from greenlane.govern.errors import WrongInput

MOST_ROUTES = 200
"""Routes that one action sets."""


@verb(
    "set-routes",
    effect=EffectClass.WRITE,
    undo="set-routes",
    says="{actor} {led|lead} several names of models elsewhere in one step",
)
@dataclass(frozen=True, slots=True)
class SetRoutes:
    """Say at once where several names lead, such as when one provider takes the place of another."""

    routes: Annotated[
        tuple[str, ...],
        "each a name and where it leads: fast openai/gpt-5=3 azure/gpt-5 else anthropic/claude-haiku-4-5",
    ]

    def __post_init__(self) -> None:
        if not 0 < len(self.routes) <= MOST_ROUTES:
            raise WrongInput(
                f"One action sets 1 to {MOST_ROUTES} routes.", next_step="Name the routes.", field="routes"
            )
        found = [plan.read(one)[0] for one in self.routes]
        if len(set(found)) < len(found):
            raise WrongInput("A name stands there twice.", next_step="Say once where each name leads.", field="routes")
