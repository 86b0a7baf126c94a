"""One action on its way through the door, and the receipts that it leaves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, bindparam, select

from greenlane.govern import tables
from greenlane.govern.action import REGISTRY, Verb
from greenlane.govern.actor import Actor
from greenlane.govern.errors import Conflict
from greenlane.kit import ids
from greenlane.ledger.payload import Payloads
from greenlane.ledger.receipt import Receipt


@dataclass(frozen=True, slots=True)
class Call:
    """Who wants what. ``action`` is None where a crash or an erasure left only the record of it.

    ``began`` is the monotonic second at which the walk began, ``waited_ms`` how long a person was waited for.
    """

    actor: Actor
    verb: Verb
    action: Any
    action_id: str
    process: str
    subject: str
    inputs: dict[str, Any]
    digest: str
    cause: str | None = None
    began: float = 0.0
    unreviewed: bool = False
    waited_ms: int = 0

    @classmethod
    def of(cls, actor: Actor, action: Any, action_id: str, process: str, cause: str | None, began: float) -> Call:
        """A fresh call of an action."""
        verb = REGISTRY.of(action)
        return cls(
            actor=actor,
            verb=verb,
            action=action,
            action_id=action_id,
            process=process,
            subject=verb.subject_of(action),
            inputs=verb.recorded(action),
            digest=verb.digest_of(action),
            cause=cause,
            began=began,
        )

    def receipt(self, half: Literal["decided", "settled"], at: str, **blocks: Any) -> Receipt:
        """One of the two halves. ``blocks`` are happened, used, decided, cost and payload."""
        return Receipt(
            id=ids.new("rcp"),
            half=half,
            action={
                "id": self.action_id,
                "verb": self.verb.name,
                "subject": self.subject,
                "inputs": self.inputs,
                "digest": self.digest,
                "effect": str(self.verb.effect),
            },
            process=self.process,
            cause=self.cause,
            actor=self.actor.chain(),
            at=at,
            happened=blocks.get("happened", {}),
            used=blocks.get("used", []),
            decided=blocks.get("decided", {}),
            cost=blocks.get("cost", {}),
            payload=blocks.get("payload"),
        )


@dataclass(frozen=True, slots=True)
class Done:
    """An action that was carried out: its id, what it was about, who answers for it, and the work it belongs to."""

    id: str
    subject: str
    person: str | None
    process: str


def done_since(connection: Connection, since: str, *, safeguard: str) -> list[Done]:
    """Actions decided after that stamp and carried out with a safeguard, the oldest first."""
    table = tables.action.c
    found = connection.execute(
        select(table.id, table.subject, table.person, table.process, table.decided)
        .where(table.decided_at > since, table.state == "done", table.lane.in_(("amber", "red")))
        .order_by(table.decided_at)
    )
    return [
        Done(row.id, row.subject, row.person, row.process) for row in found if safeguard in row.decided["safeguards"]
    ]


def done_about(connection: Connection, subject: str, verbs: Collection[str]) -> list[tuple[str, Any, Any]]:
    """What was carried out about a subject with these verbs, the oldest first: (verb, inputs, facts)."""
    table = tables.action.c
    rows = connection.execute(
        select(table.verb, table.inputs, table.facts)
        .where(table.subject == subject, table.verb.in_(verbs), table.state == "done")
        .order_by(table.decided_at)
    )
    return [(row.verb, row.inputs, row.facts) for row in rows]


_ROW = select(tables.action).where(tables.action.c.id == bindparam("id"))


def row_of(connection: Connection, action_id: str) -> Row[Any]:
    """The stored row of an action."""
    return connection.execute(_ROW, {"id": action_id}).one()


def rows_of(connection: Connection, action_ids: Collection[str]) -> dict[str, Row[Any]]:
    """The stored rows of these actions, by their ids."""
    if not action_ids:
        return {}
    rows = connection.execute(select(tables.action).where(tables.action.c.id.in_(list(action_ids))))
    return {row.id: row for row in rows}


def stored(connection: Connection, payloads: Payloads, action_id: str, began: float) -> Call:
    """A stored action as it was given, checked against the digest that was decided (invariant 11).

    Raises ``Conflict`` when its private words or its secret are no longer there.
    """
    row = row_of(connection, action_id)
    verb = REGISTRY.named(row.verb)
    inputs = dict(row.inputs)
    if row.payload is not None:
        private = payloads.open(connection, row.payload)
        if private is None:
            raise Conflict("The words of this action were erased.", next_step="Ask its author to do it again.")
        inputs |= private
    if any(one.required and one.name not in inputs for one in verb.inputs):
        raise Conflict("A secret that this action needs was not kept.", next_step="Ask its author to do it again.")
    action = verb.build(inputs)
    call = Call.of(Actor(**row.actor), action, row.id, row.process, row.cause, began)
    if call.digest != row.digest:
        raise Conflict("The stored action is not the one that was decided.", next_step="Ask its author to do it again.")
    return call


def remains(row: Row[Any], began: float) -> Call:
    """What is left of an action that cannot be carried out any more: enough for its receipt."""
    return Call(
        actor=Actor(**row.actor),
        verb=REGISTRY.named(row.verb),
        action=None,
        action_id=row.id,
        process=row.process,
        subject=row.subject,
        inputs=row.inputs,
        digest=row.digest,
        cause=row.cause,
        began=began,
    )
