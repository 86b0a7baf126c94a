"""What risk must know when a person decides about a request: whose it is, whether it still stands, who owes whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from greenlane.govern import approvals, tables
from greenlane.govern.actions import Withdraw
from greenlane.govern.actor import Actor
from greenlane.govern.effect import GatherFacts
from greenlane.kit.clock import Clock, stamp

FAVOURS_WINDOW = timedelta(days=30)
"""Approvals that two people gave one another are counted over this time."""

FRESH_ROLE_WINDOW = timedelta(days=7)
"""A role that the author gave the reviewer within this time is worth a second look."""


def request_facts(clock: Clock) -> GatherFacts:
    """The gatherer for the verbs about a request."""

    def gather(connection: Connection, actor: Actor, action: Any) -> dict[str, Any]:
        now = clock.now()
        one = approvals.question(connection, action.request)
        seen = getattr(action, "seen", "")
        return {
            "own_request": one.author is not None and one.author == actor.person,
            "request_open": one.state == "waiting" or (one.state == "sent-back" and isinstance(action, Withdraw)),
            "request_outdated": one.expires_at < stamp(now) or (seen not in ("", one.digest)),
            "made_by_agent": one.made_by_agent or actor.kind == "agent",
            "role_from_author": _done(
                connection, one.author, "grant-role", f"person:{actor.id}", stamp(now - FRESH_ROLE_WINDOW)
            )
            > 0,
            "returned_favours": _favours(
                connection, giver=one.author, taker=actor.id, since=stamp(now - FAVOURS_WINDOW)
            ),
        }

    return gather


def _done(connection: Connection, person: str | None, verb: str, subject: str, since: str) -> int:
    return connection.execute(
        select(func.count())
        .select_from(tables.action)
        .where(
            tables.action.c.person == person,
            tables.action.c.verb == verb,
            tables.action.c.subject == subject,
            tables.action.c.state == "done",
            tables.action.c.decided_at > since,
        )
    ).scalar_one()


def _favours(connection: Connection, *, giver: str | None, taker: str, since: str) -> int:
    return connection.execute(
        select(func.count())
        .select_from(tables.request)
        .where(
            tables.request.c.author == taker,
            tables.request.c.decided_by == giver,
            tables.request.c.state == "approved",
            tables.request.c.decided_at > since,
        )
    ).scalar_one()


def subject_of(connection: Connection, request: str) -> str:
    """What a request is about, such as ``app:vendor-board``: rights on a request are rights on its subject."""
    return approvals.question(connection, request).subject
