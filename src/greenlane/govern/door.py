"""The door. ``govern(actor, action) -> answer``: nothing happens in Greenlane except through here.

It gathers the facts, decides the lane, writes the receipt's first half and commits it, lets the effect work, and
commits the effect's rows together with the receipt's second half. The red lane stores the action instead, the closed
lane says what to do. ``explain`` is the same walk stopped after the decision; ``resume`` is the same walk for an
action that a person allowed. What a crash leaves between the halves is ``recovery``'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from greenlane.govern import approvals, call, tables, track_record
from greenlane.govern.action import REGISTRY
from greenlane.govern.actor import Actor
from greenlane.govern.call import Call
from greenlane.govern.decide import decide
from greenlane.govern.decision import Decision, Lane
from greenlane.govern.effect import Context, Handling, Outcome
from greenlane.govern.errors import Conflict, Refused
from greenlane.govern.facts import Facts
from greenlane.govern.policy import Pack
from greenlane.kit import clock as clocks
from greenlane.kit import digest, ids
from greenlane.kit.database import Database
from greenlane.kit.errors import GreenlaneError, Unavailable
from greenlane.ledger.append import Ledger
from greenlane.ledger.payload import Payloads
from greenlane.ledger.receipt import Receipt
from greenlane.ledger.seat import weather

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door answers: how it was decided, what became of it, and what only the caller may see.

    ``state`` is done, waiting or refused (failed and interrupted when asked about an earlier action). ``answer`` may
    hold a secret that is shown once; it is never recorded. ``receipt`` is the settled half's index in the ledger.
    """

    actor: Actor
    action_id: str
    process: str
    verb: str
    subject: str
    state: str
    inputs: Mapping[str, Any]
    decision: Decision
    facts: Facts
    happened: Mapping[str, Any] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=dict)
    request: str | None = None
    receipt: int | None = None


@dataclass(frozen=True, slots=True)
class House:
    """What the door is handed by the composition root, because it knows no feature.

    ``rights`` says what an actor may do, ``reviewers`` whom to ask, ``process_of`` which piece of work an action
    belongs to (None begins a new one). ``takes`` writes down what an action that goes on uses up, in the transaction of
    its decision, and raises where another one was faster.
    """

    pack: Callable[[], Pack]
    handlings: Mapping[str, Handling]
    rights: Callable[[Connection, Actor, Any], Mapping[str, Any]]
    reviewers: approvals.Reviewers
    process_of: Callable[[Connection, Any], str | None] = lambda _connection, _action: None
    takes: Callable[[Connection, Call, datetime], None] = lambda _connection, _call, _now: None


class Door:
    """The one way in which anything happens. Thread-safe."""

    def __init__(
        self, database: Database, ledger: Ledger, payloads: Payloads, house: House, clock: clocks.Clock
    ) -> None:
        self.database = database
        self.ledger = ledger
        self.payloads = payloads
        self.house = house
        self.clock = clock
        self.under_way: set[str] = set()
        self._subscribers: list[Callable[[Receipt], None]] = []

    def subscribe(self, hear: Callable[[Receipt], None]) -> None:
        """Be told of every settled receipt, after it is covered by a checkpoint. Must be quick and must not raise."""
        self._subscribers.append(hear)

    def govern(
        self, actor: Actor, action: Any, *, key: str | None = None, process: str | None = None, cause: str | None = None
    ) -> Answer:
        """Decide an action and, where it goes through, carry it out.

        ``key`` is the caller's idempotency key: the same key by the same person is the same action, and its answer is
        given again without doing anything twice. Raises the effect's own error after settling it as failed.
        """
        began = self.clock.monotonic()
        action_id = ids.new("act") if key is None else f"act_{digest.bare(digest.of([actor.person, key]))[:26]}"
        with self.database.read() as connection:
            if key is not None and (earlier := _earlier(connection, action_id)) is not None:
                return earlier
            action = self.house.handlings[REGISTRY.of(action).name].exact(connection, action)
            facts = self.gather(connection, actor, action)
            process = process or self.house.process_of(connection, action) or ids.new("prc")
        one = Call.of(actor, action, action_id, process, cause, began)
        return self._pass(one, facts, self.decide(one, facts))

    def explain(self, actor: Actor, action: Any) -> tuple[Facts, Decision]:
        """The facts and the decision as they would be now. Changes nothing and leaves no receipt."""
        with self.database.read() as connection:
            facts = self.gather(connection, actor, action)
        return facts, decide(REGISTRY.of(action).name, facts, self.house.pack())

    def gather(self, connection: Connection, actor: Actor, action: Any) -> Facts:
        """Step 1: everything that the decision may depend on, from whoever knows it."""
        verb = REGISTRY.of(action)
        found: dict[str, Any] = {"actor_kind": actor.kind, "made_by_agent": actor.kind == "agent"}
        found |= self.house.rights(connection, actor, action)
        for gather in self.house.handlings[verb.name].facts:
            found |= gather(connection, actor, action)
        facts = Facts(**found)
        now = self.clock.now()
        subject = verb.subject_of(action)
        record = track_record.of(connection, actor, subject, shape(verb.name, facts), facts.audience_widens, now)
        facts = replace(facts, **record)
        return replace(facts, **approvals.envelope_facts(connection, subject, facts, now))

    def decide(self, one: Call, facts: Facts, *, approved: bool = False) -> Decision:
        """Step 2: the lane, under the pack in force."""
        return decide(one.verb.name, facts, self.house.pack(), approved=approved)

    def _pass(self, one: Call, facts: Facts, decision: Decision) -> Answer:
        self.under_way.add(one.action_id)
        try:
            self._write_decided(one, facts, decision)
            if decision.goes:
                return self.carry_out(one, facts, decision)
            if decision.lane is Lane.RED and one.verb.storable:
                return self.ask(one, facts, decision)
            return self.settle(one, facts, decision, "refused", Outcome())
        finally:
            self.under_way.discard(one.action_id)

    def _write_decided(self, one: Call, facts: Facts, decision: Decision) -> None:
        """Step 3: commit the first half, and with it all that a restart needs to go on."""
        private = one.verb.private(one.action)
        sealed = self.payloads.seal(private) if private else None
        now = clocks.stamp(self.clock.now())

        def rows(connection: Connection) -> None:
            if sealed is not None:
                sealed.rows(connection)
            if decision.goes:
                self.house.takes(connection, one, self.clock.now())
            connection.execute(
                insert(tables.action).values(
                    id=one.action_id,
                    verb=one.verb.name,
                    subject=one.subject,
                    process=one.process,
                    cause=one.cause,
                    actor=one.actor.as_dict(),
                    person=one.actor.person,
                    agent=one.actor.id if one.actor.kind == "agent" else None,
                    shape=shape(one.verb.name, facts),
                    inputs=one.inputs,
                    payload=sealed.digest if sealed else None,
                    digest=one.digest,
                    facts=facts.as_dict(),
                    decided=decision.as_dict(),
                    lane=str(decision.lane),
                    state="decided",
                    decided_at=now,
                )
            )

        decided = {**decision.as_dict(), "facts": facts.as_dict(), "verb": one.verb.name}
        after = {} if one.verb.name in approvals.VERBS else self._after_refusal(one)
        receipt = one.receipt(
            "decided", now, decided=decided, happened=after, payload=sealed.digest if sealed else None
        )
        try:
            self.ledger.append(receipt, rows)
        except IntegrityError as error:
            raise Conflict(
                "This very action is already under way.",
                next_step="Wait a moment and ask again with the same key: you will get its answer.",
                detail=str(error),
            ) from error

    def _after_refusal(self, one: Call) -> dict[str, Any]:
        """What people do after a refusal is worth knowing: the refused action that this one follows, if any."""
        with self.database.read() as connection:
            return track_record.after_refusal(connection, one.actor.person, one.subject, self.clock.now())

    def carry_out(self, one: Call, facts: Facts, decision: Decision, recovered: str = "") -> Answer:
        """Step 4: let the effect work, without a transaction. Its own error is settled and raised again."""
        context = Context(one.actor, one.action_id, one.process, decision, facts, self.clock.now())
        try:
            outcome = self.house.handlings[one.verb.name].effect(one.action, context)
            if recovered:
                outcome = replace(outcome, happened={**outcome.happened, "recovered": recovered})
            answer = self.settle(one, facts, decision, "done", outcome)
        except Unavailable:
            raise  # the ledger or the disk is away: nothing can be settled now, recovery will
        except GreenlaneError as error:
            self.settle(one, facts, decision, "failed", Outcome(happened={"error": error.code}))
            raise
        except Exception as error:
            if isinstance(error, DBAPIError) and weather(error) is not None:
                raise Unavailable(
                    "The database went away while this was carried out.",
                    next_step="It is finished by itself when the database is back; ask again with the same key.",
                    detail=repr(error),
                ) from error
            log.exception("effect failed", verb=one.verb.name, action=one.action_id)
            self.settle(one, facts, decision, "failed", Outcome(happened={"error": "internal"}))
            raise GreenlaneError(
                f"Something went wrong on our side while carrying out {one.verb.name}; nothing was changed.",
                next_step=f"Try again; if it stays, give the platform team this action: {one.action_id}.",
                detail=repr(error),
            ) from error
        if outcome.resumes is not None:
            resumed = self.resume(outcome.resumes, one)
            return replace(answer, answer={**answer.answer, "resumed": resumed})
        return answer

    def settle(
        self, one: Call, facts: Facts, decision: Decision, state: str, outcome: Outcome, request: str | None = None
    ) -> Answer:
        """Step 5: commit the second half in one transaction with the effect's own rows."""
        happened: dict[str, Any] = {**outcome.happened, "state": state}
        if one.unreviewed:
            happened["unreviewed"] = True
        now = clocks.stamp(self.clock.now())

        def rows(connection: Connection) -> None:
            if outcome.rows is not None:
                outcome.rows(connection)
            connection.execute(
                update(tables.action)
                .where(tables.action.c.id == one.action_id)
                .values(state=state, settled_at=now, answer={"happened": happened, "request": request})
            )

        cost = {"micros": outcome.micros, "ms": round((self.clock.monotonic() - one.began) * 1000)}
        if one.waited_ms:
            cost["waited_ms"] = one.waited_ms
        receipt = one.receipt(
            "settled",
            now,
            happened=happened,
            used=[edge.as_dict("used") for edge in outcome.used] + [edge.as_dict("made") for edge in outcome.made],
            decided={"lane": str(decision.lane), "pack": decision.pack, "safeguards": list(decision.safeguards)},
            cost=cost,
        )
        entry = self.ledger.append(receipt, rows)
        for hear in self._subscribers:
            hear(receipt)
        return Answer(
            actor=one.actor,
            action_id=one.action_id,
            process=one.process,
            verb=one.verb.name,
            subject=one.subject,
            state=state,
            inputs=one.inputs,
            decision=decision,
            facts=facts,
            happened=happened,
            answer=outcome.answer,
            request=request,
            receipt=entry.seq,
        )

    def ask(self, one: Call, facts: Facts, decision: Decision) -> Answer:
        """The red lane: the action stays stored, and the people who may decide it are asked."""
        with self.database.read() as connection:
            asked = self.house.reviewers(connection, one.subject, one.actor.person, 0, one.verb.name)
            earlier = approvals.sent_back(connection, one.subject, one.verb.name, one.actor.person)
        question = approvals.Question(
            id=earlier or ids.new("req"),
            action=one.action_id,
            verb=one.verb.name,
            subject=one.subject,
            process=one.process,
            author=one.actor.person,
            made_by_agent=facts.made_by_agent,
            digest=one.digest,
            reasons=tuple(reason.policy for reason in decision.reasons),
            asked=tuple(asked),
        )
        outcome = Outcome(
            rows=approvals.ask(question, self.clock.now(), again=earlier is not None),
            happened={"request": question.id, "asked": list(asked), "continues": earlier is not None},
        )
        return self.settle(one, facts, decision, "waiting", outcome, question.id)

    def resume(self, request: str, approval: Call) -> Answer:
        """Carry a stored action out after a person allowed it: facts anew, both evaluations anew, a new decision.

        Raises ``Refused`` when there is a reason now that the person was not shown; the request then waits again.
        """
        with self.database.read() as connection:
            question = approvals.question(connection, request)
            stored = call.stored(connection, self.payloads, question.action, self.clock.monotonic())
            facts = self.gather(connection, stored.actor, stored.action)
        one = replace(
            stored,
            action_id=approvals.resumption(request, approval.action_id),
            cause=approval.action_id,
            unreviewed=approval.verb.name == "confirm",
            waited_ms=question.waited_ms(self.clock.now()),
        )
        fresh = self.decide(one, facts)
        unseen = [reason for reason in fresh.reasons if reason.policy not in question.reasons]
        if fresh.lane is Lane.RED and unseen:
            self.ledger.write(approvals.reopen(request, fresh, self.clock.now()))
            raise Refused(
                f"The situation changed since the request was made. {unseen[0].says}",
                next_step=f"Nothing was carried out; {request} waits again: look at it anew.",
            )
        answer = self._pass(one, facts, self.decide(one, facts, approved=True))
        if answer.state == "done" and fresh.lane is Lane.RED and self.house.handlings[one.verb.name].covers:
            self.ledger.write(
                approvals.grant_envelope(question, facts, granted_by=approval.actor.id, now=self.clock.now())
            )
        return answer


def shape(verb: str, facts: Facts) -> str:
    """What changes that look alike have in common: the verb and the kinds of content."""
    return f"{verb}({','.join(facts.kinds)})"[:200]


def _earlier(connection: Connection, action_id: str) -> Answer | None:
    """The answer that this very action got before, without what was shown once; None while it is under way."""
    row = connection.execute(tables.action.select().where(tables.action.c.id == action_id)).one_or_none()
    if row is None or row.state == "decided":
        return None
    return Answer(
        actor=Actor(**row.actor),
        action_id=row.id,
        process=row.process,
        verb=row.verb,
        subject=row.subject,
        state=row.state,
        inputs=row.inputs,
        decision=Decision.from_dict(row.decided),
        facts=Facts.from_dict(row.facts),
        happened=row.answer["happened"],
        request=row.answer["request"],
    )
