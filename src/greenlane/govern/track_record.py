"""What the door remembers of an author: how much they did, how fast, and what they did after a refusal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, func, literal, select

from greenlane.govern.actor import Actor
from greenlane.govern.tables import ROLLED_BACK, action
from greenlane.kit.clock import parse, stamp

VELOCITY_WINDOW = timedelta(hours=1)
"""Velocity counts changes within the last hour: long enough to see a burst, short enough to forget it by lunch."""

AFTER_REFUSAL_WINDOW = timedelta(hours=24)
"""An action on the same subject within a day of a refusal is taken as the answer to it."""

CHANGES = (
    "deploy",
    "publish",
    "set-audience",
    "add-guest",
    "create-share-link",
    "declare-host",
    "put-variable",
    "rotate-variable",
)
"""The verbs that count as a change of an app."""


SMALL_STEPS_WINDOW = timedelta(hours=24)
"""Small steps are added up over a day, so that a wide reach cannot be walked to in harmless strides."""


def of(connection: Connection, actor: Actor, subject: str, shape: str, widens: bool, now: datetime) -> dict[str, Any]:
    """The author's record, the four velocities and the small steps of the last day, as facts."""
    changes = action.c.verb.in_(CHANGES)
    recent = changes & (action.c.decided_at > stamp(now - VELOCITY_WINDOW))

    def count(*where: ColumnElement[bool]) -> ScalarSelect[int]:
        return select(func.count()).select_from(action).where(*where).scalar_subquery()

    published = action.alias()
    settled = changes & (action.c.person == actor.person) & (action.c.state == "done")
    counted = {
        "author_changes": count(settled),
        "author_rollbacks": count(
            ROLLED_BACK,
            action.c.subject.in_(
                select(published.c.subject)
                .where(published.c.person == actor.person, published.c.state == "done", published.c.verb == "publish")
                .distinct()
            ),
        ),
        "author_velocity": count(recent, action.c.person == actor.person),
        "agent_velocity": count(recent, action.c.agent == actor.id) if actor.kind == "agent" else literal(0),
        "organisation_velocity": count(recent),
        "shape_velocity": count(recent, action.c.shape == shape),
    }
    numbers = select(*(number.label(name) for name, number in counted.items()))
    return {
        **connection.execute(numbers).mappings().one(),
        **_small_steps(connection, actor, subject, widens, now),
    }


def _small_steps(connection: Connection, actor: Actor, subject: str, widens: bool, now: datetime) -> dict[str, int]:
    """How far this app's reach and audience were widened within the last day, one done action at a time."""
    rows = connection.execute(
        select(action.c.person, action.c.facts).where(
            action.c.subject == subject,
            action.c.state == "done",
            action.c.verb.in_(CHANGES),
            action.c.decided_at > stamp(now - SMALL_STEPS_WINDOW),
        )
    ).all()
    reached = [
        len(row.facts[kind])
        for row in rows
        if row.person == actor.person
        for kind in ("new_hosts", "new_connections", "new_secrets")
    ]
    return {
        "recent_reach": sum(reached),
        "audience_steps": sum(1 for row in rows if row.facts["audience_widens"]) + widens,
    }


def after_refusal(connection: Connection, person: str | None, subject: str, now: datetime) -> dict[str, Any]:
    """Which refused action of the same person on the same subject this one follows, and after how many seconds."""
    row = connection.execute(
        select(action.c.id, action.c.decided_at)
        .where(
            action.c.person == person,
            action.c.subject == subject,
            action.c.state == "refused",
            action.c.decided_at > stamp(now - AFTER_REFUSAL_WINDOW),
        )
        .order_by(action.c.decided_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return {}
    return {"after_refusal": row.id, "after_seconds": round((now - parse(row.decided_at)).total_seconds())}
