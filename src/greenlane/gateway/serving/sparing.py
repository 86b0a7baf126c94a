"""Going on with a cheaper name once a soft budget is spent, where an administrator said which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from greenlane.gateway import routes
from greenlane.gateway.bounds import COUNTING, NO_ANSWER
from greenlane.gateway.budgets.account import Budget, words
from greenlane.gateway.routes import Candidate
from greenlane.gateway.serving.house import House
from greenlane.gateway.serving.planning import Plan
from greenlane.gateway.serving.refusals import NotLetThrough
from greenlane.gateway.wires.asked import Asked
from greenlane.gateway.wires.refused import Untranslatable


@dataclass(frozen=True, slots=True)
class Spared:
    """The cheaper ``name`` that a call goes on with, its ``plans``, and the soft ``budget`` that is spent."""

    name: str
    budget: Budget
    plans: list[Plan]

    def document(self) -> dict[str, Any]:
        """What the call's record says of it."""
        return {"name": self.name, "budget": self.budget.id}

    def words(self, asked: str) -> str:
        """What the caller is told of it."""
        return f"{self.name} instead of {asked}: the budget of {words(self.budget.account)} is spent"


def cheaper(
    house: House,
    wanted: routes.Call,
    asked: Asked,
    spent: Budget,
    ready: Sequence[Plan],
    plans: Callable[[Sequence[Candidate]], list[Plan]],
) -> Spared | None:
    """What a call goes on with instead of the plans that are ``ready``, now that a soft budget is ``spent``; None where it
    goes on with them. ``plans`` makes candidates ready.

    It never costs anybody an answer: where the cheaper name cannot serve the call, or is not cheaper for it, the one that
    was asked for does. Vectors of one model say nothing beside those of another, so embeddings stay where they are.
    """
    if wanted.wire in NO_ANSWER or wanted.wire in COUNTING:
        return None
    name = _name(house, wanted.model, spent)
    if not name or name == wanted.model.lower():
        return None
    found = house.planning.candidates(replace(wanted, model=name), house.resting.providers)
    if not found.candidates:
        return None
    try:
        others = plans(found.candidates)
    except (NotLetThrough, Untranslatable):
        return None
    longest = max(one.bound.most for one in (*ready, *others)) * max(1, asked.answers)
    if _dearest(others, longest) >= _dearest(ready, longest):
        return None
    return Spared(name, spent, others)


def _dearest(plans: Sequence[Plan], written: int) -> int:
    """What the dearest of these plans costs in pico-dollars where each writes the same number of tokens."""
    return max(one.bound.read * one.serving.rates.reads + written * one.serving.rates.writes for one in plans)


def _name(house: House, model: str, spent: Budget) -> str:
    """The alias's own word first, then the budget's, which is about every name."""
    route = house.standing.routing.routes.get(model.lower())
    return (route.when_spent if route is not None else "") or spent.instead
