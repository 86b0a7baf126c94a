"""The money for one call: from the purse where it has enough, else from whoever leases more, else for a shorter answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from greenlane.gateway import bounds
from greenlane.gateway.bounds import COUNTING, NO_ANSWER, Bound
from greenlane.gateway.budgets.account import words
from greenlane.gateway.budgets.messages import Spent
from greenlane.gateway.budgets.purse import Short
from greenlane.gateway.budgets.securing import Secured, secure
from greenlane.gateway.prices.money import dollars
from greenlane.gateway.serving.authority import ControlAway
from greenlane.gateway.serving.house import House
from greenlane.gateway.serving.planning import Plan, rebound, together
from greenlane.gateway.serving.refusals import NotLetThrough
from greenlane.gateway.serving.standing import Means
from greenlane.gateway.wires.asked import Asked

UNLIMITED = NO_ANSWER | COUNTING
"""Wires whose answers have no limit to set."""


async def paid(
    house: House, ready: list[Plan], asked: Asked, means: Means, now: datetime
) -> tuple[list[Plan], Secured]:
    """The plans that there is money for, and the money. Raises ``NotLetThrough`` where there is too little for any."""
    ready, secured = at_hand(house, ready, means, now) or await leased(house, ready, asked, means)
    for one in secured.reservation.beyond:
        house.authority.notice("budget-spent", one)
    return ready, secured


def at_hand(house: House, ready: list[Plan], means: Means, now: datetime) -> tuple[list[Plan], Secured] | None:
    """The money, where the purse has enough for all of the plans: the usual way, without a question to anybody."""
    bound = ready[0].bound if len(ready) == 1 else together([one.bound for one in ready])
    found = house.purse.reserve(means.budgets, bound.pico, now)
    return None if isinstance(found, Short) else (ready, Secured(found, bound))


async def leased(house: House, ready: list[Plan], asked: Asked, means: Means) -> tuple[list[Plan], Secured]:
    """Money for the dearest of the plans; where that is too much, for those that cost no more than the first."""
    found, away = await _money(house, ready, asked, means)
    if isinstance(found, Short) and len(ready) > 1:
        first = ready[0].bound.pico
        cheap = [one for one in ready if one.bound.pico <= first]
        if len(cheap) < len(ready):
            ready = cheap
            found, away = await _money(house, ready, asked, means)
    if isinstance(found, Short):
        raise _away() if away else _spent(found)
    return ready, found


def limit(wire: str, asked: Asked, bound: Bound, means: Means) -> int | None:
    """The limit of its answer that a request gets from us, None for its own."""
    limited = means.hard and (bound.clamped or asked.most is None) and wire not in UNLIMITED
    return bound.most if limited else None


async def _money(house: House, ready: Sequence[Plan], asked: Asked, means: Means) -> tuple[Secured | Short, bool]:
    """What could be secured, and whether whoever leases more was away."""

    def clamped(left: int) -> Bound:
        return together([rebound(one, asked, left, means.beyond) for one in ready])

    answers = max(1, asked.answers)
    least = max(bounds.least(one.bound, one.serving.rates, answers) for one in ready)
    steps = secure(house.purse, means.budgets, together([one.bound for one in ready]), least, clamped, house.clock.now)
    away = False
    try:
        ask = next(steps)
        while True:
            try:
                answer = await house.authority.ask(ask.key, ask.want, ask.least)
            except ControlAway:
                away = True
                answer = Spent(ask.key, "", 0, None)
            ask = steps.send(answer)
    except StopIteration as end:
        found: Secured | Short = end.value
        return found, away


def _spent(found: Short) -> NotLetThrough:
    anew = "" if found.resets_at is None else f" It begins anew at {found.resets_at:%Y-%m-%d %H:%M} UTC."
    return NotLetThrough(
        402,
        "budget-spent",
        f"The budget of {words(found.account)} has {dollars(max(0, found.left))} left, which is too little for this call.{anew}",
        next_step="Ask for a shorter answer or a cheaper model, or ask whoever set the budget for more.",
    )


def _away() -> NotLetThrough:
    return NotLetThrough(
        503,
        "budget-away",
        "What was leased of the budget is spent, and the part of the platform that leases more is away.",
        next_step="Try again in a moment.",
        retry_after=2,
    )
