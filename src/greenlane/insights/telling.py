"""What somebody is told of the door's answer, whatever the face: its sentence, its reasons, the lock in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from greenlane.catalog import queries as catalog
from greenlane.govern.decision import Decision, Reason
from greenlane.govern.door import Answer
from greenlane.govern.facts import Facts
from greenlane.identity import queries as identity
from greenlane.insights import sentences

ABOUT_RIGHTS = frozenset({"missing-right", "suspended"})
"""The policies whose sentences say nothing about the thing itself."""


@dataclass(frozen=True, slots=True)
class LockInTheWay:
    """Who locked an environment, why and until when. Any of the texts may be empty."""

    who: str
    why: str
    until: str


def sentence(connection: Connection, answer: Answer) -> str:
    """What happened, or what somebody wants, as the ledger will tell it."""
    people = [one for one in (answer.actor.person, answer.happened.get("author")) if one]
    people += [one for one in answer.inputs.values() if isinstance(one, str) and one.startswith("p_")]
    names = sentences.Names(identity.names(connection, people))
    return sentences.answer(
        answer.verb,
        answer.inputs,
        names.actor(answer.actor.chain()),
        answer.decision.lane,
        names,
        answer.happened,
    )


def reasons(facts: Facts, decision: Decision) -> Sequence[Reason]:
    """The reasons that may be told: whoever has no right here learns that, and nothing about what is there."""
    if facts.may:
        return decision.reasons
    return [one for one in decision.reasons if one.policy in ABOUT_RIGHTS]


def lock_in_the_way(connection: Connection, answer: Answer) -> LockInTheWay | None:
    """The lock that an answer met."""
    if not (answer.facts.may and answer.facts.locked):
        return None
    place = catalog.environment(connection, answer.subject.removeprefix("app:"), answer.facts.environment)
    if place is None or place.locked_by is None:
        return None
    who = identity.names(connection, [place.lock_who] if place.lock_who else [])
    return LockInTheWay(who.get(place.lock_who or "", ""), place.lock_why or "", place.lock_until or "")
