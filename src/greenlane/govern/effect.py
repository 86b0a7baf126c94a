"""How a verb is carried out, as the door sees it.

An effect is told who acts and what was decided, does its work *without* a transaction, and returns its rows. The door
commits those rows in one transaction with the receipt's second half.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection

from greenlane.govern.actor import Actor
from greenlane.govern.decision import Decision
from greenlane.govern.facts import Facts

Rows = Callable[[Connection], None]
"""Writes a feature's own rows. Runs in the ledger's transaction: short, no files, no network."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A line of the provenance graph: something that was used or made, by kind, id and (where it has one) digest."""

    kind: str
    id: str
    digest: str | None = None

    def as_dict(self, role: Literal["used", "made"]) -> dict[str, Any]:
        """The edge as receipts carry it."""
        edge = {"as": role, "kind": self.kind, "id": self.id}
        return edge if self.digest is None else {**edge, "digest": self.digest}


@dataclass(frozen=True, slots=True)
class Context:
    """What an effect is told. ``action_id`` is its idempotency key towards anything outside the database."""

    actor: Actor
    action_id: str
    process: str
    decision: Decision
    facts: Facts
    now: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an effect did, not yet committed.

    ``happened`` goes into the receipt, so it holds nothing personal. ``answer`` goes to the caller alone and may hold a
    secret that is shown once. ``micros`` is money in millionths of the organisation's currency.
    """

    rows: Rows | None = None
    happened: Mapping[str, Any] = field(default_factory=dict)
    used: tuple[Edge, ...] = ()
    made: tuple[Edge, ...] = ()
    micros: int = 0
    answer: Mapping[str, Any] = field(default_factory=dict)
    resumes: str | None = None
    """The request whose stored action may now go on."""


Effect = Callable[[Any, Context], Outcome]
GatherFacts = Callable[[Connection, Actor, Any], Mapping[str, Any]]
Probe = Callable[[Any, Context], Literal["done", "not begun", "unknown"]]
Exact = Callable[[Connection, Any], Any]


def not_begun(action: Any, context: Context) -> Literal["done", "not begun", "unknown"]:
    """The probe of an effect that is rows alone: without the settled half, its rows were not committed either."""
    return "not begun"


def as_it_is(connection: Connection, action: Any) -> Any:
    """The action that leaves nothing open."""
    return action


@dataclass(frozen=True, slots=True)
class Handling:
    """How one verb is handled: who knows its facts, what carries it out, and what to ask after a crash.

    ``exact`` names what an action leaves open, such as *the newest deploy*, before anything is decided: what waits for
    a person must not come to mean something else meanwhile. ``covers`` is whether an approval covers later changes of
    the same kind too, or lets this one action go on and no other.
    """

    effect: Effect
    facts: tuple[GatherFacts, ...] = ()
    probe: Probe = not_begun
    exact: Exact = as_it_is
    covers: bool = True
