"""How the door's own verbs are carried out."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select, update

from greenlane.govern import approvals, awaited, tables
from greenlane.govern.action import REGISTRY
from greenlane.govern.actions import Approve, Confirm, Decline, Escalate, ExpireRequest, Forget, SendBack, Withdraw
from greenlane.govern.effect import Context, Edge, Handling, Outcome, Rows
from greenlane.govern.errors import Conflict
from greenlane.govern.policies import Policies
from greenlane.govern.requests import request_facts
from greenlane.kit.clock import Clock, stamp
from greenlane.kit.database import Database
from greenlane.ledger.payload import Payloads

OUTCOMES = {
    Approve: "approved",
    Confirm: "approved",
    SendBack: "sent-back",
    Decline: "declined",
    Withdraw: "withdrawn",
}


def handlings(
    database: Database,
    payloads: Payloads,
    clock: Clock,
    reviewers: approvals.Reviewers,
    policies: Policies,
) -> dict[str, Handling]:
    """The effects by verb."""
    facts = (request_facts(clock),)

    def decide(action: Approve | SendBack | Decline | Confirm | Withdraw, context: Context) -> Outcome:
        with database.read() as connection:
            one = approvals.question(connection, action.request)
            words = _words(connection, context.action_id)
        allows = isinstance(action, Approve | Confirm)
        return Outcome(
            rows=_decide(one, OUTCOMES[type(action)], context, words, unreviewed=isinstance(action, Confirm)),
            happened={
                "request": one.id,
                "about": one.action,
                "author": one.author,
                "outcome": OUTCOMES[type(action)],
                "waited_ms": one.waited_ms(context.now),
                **({"unreviewed": True} if isinstance(action, Confirm) else {}),
            },
            used=(Edge("request", one.id, one.digest),),
            answer={"request": one.id, "outcome": OUTCOMES[type(action)]},
            resumes=one.id if allows else None,
        )

    def escalate(action: Escalate, context: Context) -> Outcome:
        with database.read() as connection:
            one = approvals.question(connection, action.request)
            step, newly = approvals.next_in_line(connection, one, reviewers)
        if not newly:
            raise Conflict("Everybody in line was asked already.", next_step="Wait for one of them, or withdraw it.")
        values = {
            "asked": sorted({*one.asked, *newly}),
            "escalated": step,
            "due_at": stamp(context.now + approvals.ANSWER_WITHIN),
        }
        return Outcome(
            rows=lambda connection: _only_if_waiting(connection, one.id, values),
            happened={"request": one.id, "author": one.author, "outcome": "escalated", "newly": newly, "step": step},
        )

    def expire(action: ExpireRequest, context: Context) -> Outcome:
        with database.read() as connection:
            one = approvals.question(connection, action.request)
        return Outcome(
            rows=lambda connection: _only_if_waiting(connection, one.id, {"state": "expired"}),
            happened={
                "request": one.id,
                "about": one.action,
                "author": one.author,
                "outcome": "expired",
                "waited_ms": one.waited_ms(context.now),
            },
            used=(Edge("request", one.id, one.digest),),
        )

    def forget(action: Forget, _context: Context) -> Outcome:
        return Outcome(rows=payloads.forget(action.digest), happened={"digest": action.digest})

    about_requests = {
        REGISTRY.of_class(kind).name: Handling(decide, facts)
        for kind in (Approve, SendBack, Decline, Confirm, Withdraw)
    }
    return {
        **about_requests,
        "escalate": Handling(escalate, facts),
        "expire-request": Handling(expire, facts),
        "set-policy": Handling(policies.set),
        "forget": Handling(forget),
    }


def _words(connection: Connection, action_id: str) -> str | None:
    """The digest of the payload with the person's own words."""
    found = select(tables.action.c.payload).where(tables.action.c.id == action_id)
    digest: str | None = connection.execute(found).scalar_one()
    return digest


def _decide(one: approvals.Question, state: str, context: Context, words: str | None, *, unreviewed: bool) -> Rows:
    values = {
        "state": state,
        "decided_by": context.actor.id,
        "decided_at": stamp(context.now),
        "because": words,
        "unreviewed": unreviewed,
    }
    return lambda connection: _only_if_waiting(connection, one.id, values)


def _only_if_waiting(connection: Connection, request: str, values: Mapping[str, object]) -> None:
    """Two people may decide at the same moment: the first counts, the second is told."""
    still = tables.request.c.state.in_(("waiting", "sent-back"))
    result = connection.execute(update(tables.request).where(tables.request.c.id == request, still).values(**values))
    if result.rowcount != 1:
        raise Conflict("Somebody else decided this request first.", next_step="`greenlane approvals` shows how.")
    awaited.keep(connection, request)
