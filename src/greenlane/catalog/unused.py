"""The safeguard ``expires-unused-30-days``: an app that nobody opens falls asleep; its owner is asked a week before.

Page views move ``last_at``, and so does a publish and waking up: the thirty days then begin anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, insert, select, update

from greenlane.catalog import environments
from greenlane.catalog.actions import AskIfNeeded, ExpireApp
from greenlane.catalog.tables import APP, OPENED
from greenlane.govern.effect import Context, Outcome
from greenlane.govern.errors import Conflict
from greenlane.kit.clock import stamp

SLEEPS_AFTER = timedelta(days=30)
"""An app with the safeguard that nobody opened for this long falls asleep."""

ASKED_BEFORE = timedelta(days=7)
"""How long before that its owner is asked."""

SAFEGUARD = "expires-unused-30-days"


def begin(connection: Connection, app: str, context: Context, *, wide: bool) -> None:
    """Rows: the thirty days begin anew. ``wide`` tells whether the app is open beyond its team now.

    The safeguard stays on an app until its audience is narrowed again.
    """
    now = stamp(context.now)
    promised = SAFEGUARD in context.decision.safeguards
    before = connection.execute(select(OPENED.c.expires_unused).where(OPENED.c.app == app)).scalar_one_or_none()
    expires = wide and (promised or bool(before))
    if before is None:
        connection.execute(insert(OPENED).values(app=app, last_at=now, expires_unused=expires))
    else:
        values = {"last_at": now, "asked_at": None, "expires_unused": expires}
        connection.execute(update(OPENED).where(OPENED.c.app == app).values(**values))


def opened(connection: Connection, last: Mapping[str, datetime]) -> None:
    """Rows: apps were opened, at these moments. Whoever opens an app has answered whether it is needed."""
    for app, moment in sorted(last.items()):
        at = stamp(moment)
        newer = update(OPENED).where(OPENED.c.app == app, OPENED.c.last_at < at)
        connection.execute(newer.values(last_at=at, asked_at=None))


def woken(connection: Connection, app: str, now: datetime) -> None:
    """Rows: an app is back on the air, and has thirty days."""
    connection.execute(update(OPENED).where(OPENED.c.app == app).values(last_at=stamp(now), asked_at=None))


def to_ask_about(connection: Connection, now: datetime) -> list[str]:
    """Apps whose owner is to be asked."""
    before = stamp(now - SLEEPS_AFTER + ASKED_BEFORE)
    return list(connection.execute(_awake().where(OPENED.c.last_at < before, OPENED.c.asked_at.is_(None))).scalars())


def to_put_to_sleep(connection: Connection, now: datetime) -> list[str]:
    """Apps that nobody opened for thirty days, and whose owner had a week to answer."""
    unopened = OPENED.c.last_at < stamp(now - SLEEPS_AFTER)
    asked = OPENED.c.asked_at < stamp(now - ASKED_BEFORE)
    return list(connection.execute(_awake().where(unopened, asked)).scalars())


def _awake() -> Select[str]:
    return (
        select(OPENED.c.app)
        .join(APP, APP.c.name == OPENED.c.app)
        .where(OPENED.c.expires_unused.is_(True), APP.c.state == "live")
        .order_by(OPENED.c.app)
    )


def ask(action: AskIfNeeded, context: Context) -> Outcome:
    """The effect of ask-if-needed: noted here; the owner hears of it by a notice."""

    def rows(connection: Connection) -> None:
        connection.execute(update(OPENED).where(OPENED.c.app == action.app).values(asked_at=stamp(context.now)))

    return Outcome(rows, happened={"app": action.app, "sleeps_at": stamp(context.now + ASKED_BEFORE)})


def expire(action: ExpireApp, context: Context) -> Outcome:
    """The effect of expire-app."""

    def rows(connection: Connection) -> None:
        if action.app not in to_put_to_sleep(connection, context.now):
            raise Conflict(f"{action.app} was opened meanwhile.", next_step="There is nothing to do.")
        environments.put_to_sleep(connection, action.app)

    return Outcome(rows, happened={"app": action.app, "becomes": "asleep"})
