"""Asking somebody else while a provider has said nothing yet: as a call of its own, paid for beside the first.

The provider that is late may have done the work, and may bill it. So the first call keeps its reservation and its record,
and is heard out; it is charged what it used, or its bound where that stays unknown.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

from greenlane.gateway.budgets.purse import Purse
from greenlane.gateway.content.laying import Heard
from greenlane.gateway.serving.attempts import Met
from greenlane.gateway.serving.call import Call
from greenlane.gateway.serving.house import House
from greenlane.gateway.serving.pacing import BYTES_IN_A_TOKEN, TooFast
from greenlane.gateway.serving.paying import limit, paid
from greenlane.gateway.serving.refusals import NotLetThrough
from greenlane.kit import ids
from greenlane.kit.errors import StorageFull


async def elsewhere(house: House, call: Call, late: Met) -> Call | None:
    """The same request as a further call to those who come after the one that is late; its intent is written.

    None where budgets, limits or the disk do not allow a second one: then the first is waited for.
    """
    at = next(place for place, one in enumerate(call.plans) if one is late.plan) + 1
    ready = list(call.plans[at:])
    paced = house.pacing.take(call.key.chain, call.asked.text_bytes // BYTES_IN_A_TOKEN)
    if not ready or isinstance(paced, TooFast):
        return None
    now = house.clock.now()
    means = house.standing.means(call.key)
    try:
        ready, secured = await paid(house, ready, call.asked, means, now)
    except NotLetThrough:
        if paced is not None:
            paced.used(0)
        return None
    bound = secured.bound
    reasons = [one for one in call.reasons if one != "clamped"]
    other = replace(
        call,
        id=ids.new("call"),
        plans=ready,
        bound=bound,
        most=limit(call.way.wire, call.asked, bound, means),
        reservation=secured.reservation,
        paced=paced,
        started=perf_counter(),
        at=now,
        masked=dict(call.masked),
        answer=Heard(keeps=call.prompt is not None),
        tries=[],
        speed={},
        first=None,
        met=None,
        after={"call": call.id, "seconds": late.plan.candidate.timeout},
        reasons=(*reasons, "clamped") if bound.clamped else tuple(reasons),
    )
    try:
        other.begin(house)
    except (StorageFull, OSError):
        Purse.settle(other.reservation, 0)
        if paced is not None:
            paced.used(0)
        return None
    return other
