"""After a crash: settle what was left between its two halves.

Each action that was decided but not settled is asked what became of it. Done and not begun are finished under the
same id (an effect is idempotent by it) and marked; what cannot be told is settled as *interrupted*, which means that
a person must look. Nothing is ever silently run twice.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import select

from greenlane.govern import approvals, call, tables
from greenlane.govern.decision import Decision, Lane
from greenlane.govern.door import Door
from greenlane.govern.effect import Context, Outcome
from greenlane.govern.errors import Conflict
from greenlane.govern.facts import Facts
from greenlane.kit import clock as clocks
from greenlane.kit.errors import GreenlaneError

log = structlog.get_logger()


def recover(door: Door, *, before: datetime) -> int:
    """Look at every action decided before that moment and not settled. Returns how many there were."""
    with door.database.read() as connection:
        old = select(tables.action.c.id).where(tables.UNSETTLED, tables.action.c.decided_at < clocks.stamp(before))
        unsettled = [row.id for row in connection.execute(old)]
        allowed = approvals.allowed_but_not_resumed(connection)
    for action_id in unsettled:
        if action_id not in door.under_way:
            _finish(door, action_id)
    for request, approval in allowed:
        if approval in door.under_way:
            continue
        try:
            with door.database.read() as connection:
                allowing = call.stored(connection, door.payloads, approval, door.clock.monotonic())
            door.resume(request, allowing)
        except GreenlaneError as error:
            log.warning("an allowed request was not resumed", request=request, code=error.code)
    return len(unsettled) + len(allowed)


def _finish(door: Door, action_id: str) -> None:
    began = door.clock.monotonic()
    with door.database.read() as connection:
        row = call.row_of(connection, action_id)
        if row.state != "decided":
            return None  # it ended while we were looking
        facts, decision = Facts.from_dict(row.facts), Decision.from_dict(row.decided)
        try:
            one = call.stored(connection, door.payloads, action_id, began)
        except Conflict:
            one = None
        facts_now = None if one is None else door.gather(connection, one.actor, one.action)
    if one is None or facts_now is None:
        return _interrupt(door, call.remains(row, began), facts, decision, "what it needs was not kept")
    if decision.lane is Lane.RED and not decision.goes:
        door.ask(one, facts, decision)
        return None
    if not decision.goes:
        door.settle(one, facts, decision, "refused", Outcome())
        return None
    if not door.decide(one, facts_now, approved=decision.approved).goes:
        return _interrupt(door, one, facts, decision, "it would be decided otherwise now")
    context = Context(one.actor, one.action_id, one.process, decision, facts, door.clock.now())
    found = door.house.handlings[one.verb.name].probe(one.action, context)
    if found == "unknown":
        return _interrupt(door, one, facts, decision, "what became of it cannot be told")
    try:
        door.carry_out(one, facts, decision, recovered="done" if found == "done" else "resumed")
    except GreenlaneError as error:
        log.warning("a recovered action failed", action=action_id, code=error.code)
    return None


def _interrupt(door: Door, one: call.Call, facts: Facts, decision: Decision, why: str) -> None:
    door.settle(one, facts, decision, "interrupted", Outcome(happened={"why": why}))
