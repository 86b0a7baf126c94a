"""How a worker gets the money for one call: from its purse, then from the owner, then for a shorter answer.

The steps alone, without a wire: whoever drives them carries each ``Ask`` to the owner and sends back what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import datetime

from greenlane.gateway.bounds import Bound
from greenlane.gateway.budgets.account import Budget
from greenlane.gateway.budgets.messages import Grant, Key, Spent
from greenlane.gateway.budgets.purse import Purse, Reservation, Short

ATTEMPTS = 16
"""How often a call asks, where other calls of the same worker were faster with what had been granted for it: the money is
there, so a caller is refused only where many were faster each time.
"""


@dataclass(frozen=True, slots=True)
class Ask:
    """For the owner: ``want`` more pico-dollars, or whatever there is from ``least`` on."""

    key: Key
    want: int
    least: int


@dataclass(slots=True)
class Secured:
    """The money is there. ``bound`` is what the call may take: perhaps a shorter answer than was asked for."""

    reservation: Reservation
    bound: Bound


def secure(
    purse: Purse,
    budgets: Sequence[Budget],
    bound: Bound,
    least: int,
    clamped: Callable[[int], Bound],
    now: Callable[[], datetime],
) -> Generator[Ask, Grant | Spent, Secured | Short]:
    """Reserve a call's bound in all of its budgets, or the bound of a shorter answer, or say which budget is too small.

    ``least`` is what the shortest useful answer costs (``bounds.least``); ``clamped`` makes the bound that fits an amount.
    Without a question to the owner where the purse has enough.
    """
    attempts = 0
    while True:
        attempts += 1
        found = purse.reserve(budgets, bound.pico, now())
        if isinstance(found, Reservation):
            return Secured(found, bound)
        lacking, spent = found.lacking, []
        for key, missing in lacking:
            answer = yield Ask(key, missing, max(1, missing - (bound.pico - least)))
            if isinstance(answer, Grant):
                purse.take(answer)
            else:
                spent.append(Short(bound.pico - missing + answer.left, answer.account, answer.resets_at, lacking))
        found = purse.reserve(budgets, bound.pico, now())
        if isinstance(found, Reservation):
            return Secured(found, bound)
        shorter = clamped(found.left)
        if shorter.pico <= found.left:
            fitting = purse.reserve(budgets, shorter.pico, now())
            if isinstance(fitting, Reservation):
                return Secured(fitting, shorter)
        if spent:
            return min(spent, key=lambda one: one.left)
        if attempts == ATTEMPTS:
            return found
