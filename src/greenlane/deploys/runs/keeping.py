"""Rows about schedules and runs, and the receipt of a run. They are written by the ledger's one writer alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from greenlane.catalog import unused
from greenlane.deploys.runs import queries
from greenlane.deploys.runs.tables import RUN, SCHEDULE
from greenlane.govern.actor import Actor
from greenlane.kit import ids
from greenlane.kit.clock import parse, stamp
from greenlane.ledger.receipt import Receipt
from greenlane.runtime.cron import Cron

SCHEDULED = ("schedule", "asked")
"""The kinds of runs that belong to a schedule."""

KEPT_FOR = timedelta(days=30)
"""How long runs that are over are listed; their receipts stay for good."""


class Moved(Exception):
    """It is not as it was looked at: a moment was taken, a run was begun or is over already."""


def new_run(
    run: str,
    *,
    app: str,
    environment: str,
    function: str,
    deploy: str,
    kind: str,
    process: str,
    cause: str | None,
    person: str | None,
    due: str,
    next_at: str | None = None,
    missed: int = 0,
    request: str | None = None,
) -> dict[str, Any]:
    """The row of a run that waits for its turn."""
    return {
        "id": run,
        "app": app,
        "environment": environment,
        "function": function,
        "deploy": deploy,
        "kind": kind,
        "state": "waiting",
        "process": process,
        "cause": cause,
        "person": person,
        "request": request,
        "due_at": due,
        "next_at": next_at,
        "try_at": due,
        "attempt": 1,
        "missed": missed,
        "status": 0,
        "ms": 0,
        "why": "",
    }


def follow(connection: Connection, app: str, zone: str, now: datetime) -> None:
    """Rows: the schedules of what is live now. A pause outlives that its function is not live for a while."""
    live = queries.live(connection, app)
    wanted = {} if live is None else live.scheduled
    c = SCHEDULE.c
    rows = connection.execute(select(SCHEDULE).where(c.app == app, c.environment == queries.PRODUCTION))
    known = {row.function: queries.Schedule(**row._mapping) for row in rows}
    for function, one in known.items():
        if function not in wanted and one.next_at is not None:
            connection.execute(update(SCHEDULE).where(c.app == app, c.function == function).values(next_at=None))
    for function, expression in wanted.items():
        coming = stamp(Cron(expression, zone).after(now))
        before = known.get(function)
        values = {"expression": expression, "zone": zone, "next_at": coming}
        if before is None:
            anew = {"app": app, "environment": queries.PRODUCTION, "function": function, "failures": 0, "told": False}
            connection.execute(insert(SCHEDULE).values(**anew, **values))
        elif before.next_at is None or (before.expression, before.zone) != (expression, zone):
            connection.execute(update(SCHEDULE).where(c.app == app, c.function == function).values(**values))


def take(connection: Connection, one: queries.Schedule, next_at: str, run: Mapping[str, Any]) -> None:
    """Rows: this moment of the schedule is this run's. Raises ``Moved`` where it is somebody else's."""
    c = SCHEDULE.c
    due = (c.app == one.app, c.function == one.function, c.next_at == one.next_at, c.paused_by.is_(None))
    if connection.execute(update(SCHEDULE).where(*due).values(next_at=next_at)).rowcount != 1:
        raise Moved
    connection.execute(insert(RUN).values(**run))


def begin(connection: Connection, run: str, now: datetime) -> None:
    """Rows: it goes. Raises ``Moved`` where it does already."""
    waits = update(RUN).where(RUN.c.id == run, RUN.c.state == "waiting")
    if connection.execute(waits.values(state="going", began_at=stamp(now))).rowcount != 1:
        raise Moved


def again(connection: Connection, one: queries.Run, at: datetime, told: Mapping[str, Any]) -> None:
    """Rows: what failed is tried once more, at that moment."""
    values = {"state": "waiting", "attempt": one.attempt + 1, "try_at": stamp(at), **told}
    connection.execute(update(RUN).where(RUN.c.id == one.id).values(**values))


def end(connection: Connection, one: queries.Run, state: str, now: datetime, told: Mapping[str, Any]) -> None:
    """Rows: it is over. A schedule counts its failures in a row; an app that works by itself is no unused app.

    Raises ``Moved`` where it was over already.
    """
    values = {"state": state, "ended_at": stamp(now), "request": None, **told}
    going = update(RUN).where(RUN.c.id == one.id, RUN.c.state.in_(queries.UNDER_WAY))
    if connection.execute(going.values(**values)).rowcount != 1:
        raise Moved
    if one.kind in SCHEDULED and one.environment == queries.PRODUCTION:
        of = (SCHEDULE.c.app == one.app, SCHEDULE.c.function == one.function)
        if state in queries.FAILURES:
            connection.execute(update(SCHEDULE).where(*of).values(failures=SCHEDULE.c.failures + 1))
        elif state == "done":
            connection.execute(update(SCHEDULE).where(*of).values(failures=0, told=False))
    if state == "done":
        unused.opened(connection, {one.app: now})


def tidy(connection: Connection, now: datetime) -> None:
    """Rows: runs that were over long ago are listed no more."""
    connection.execute(delete(RUN).where(RUN.c.ended_at < stamp(now - KEPT_FOR)))


def receipt(one: queries.Run, state: str, now: datetime, ms: int, status: int) -> Receipt:
    """The one receipt of a run: *noted* under the decision that lets it run. It holds no word of the app's own."""
    late = max(0, round((parse(one.began_at or one.due_at) - parse(one.due_at)).total_seconds()))
    happened: dict[str, Any] = {
        "app": one.app,
        "function": one.function,
        "environment": one.environment,
        "deploy": one.deploy,
        "kind": one.kind,
        "outcome": state,
        "ended": queries.ENDED[state],
        "status": status,
        "attempts": one.attempt,
        "due": one.due_at,
        "late": late,
        "missed": one.missed,
        "log": one.id,
    }
    return Receipt(
        id=ids.new("rcp"),
        half="noted",
        action={
            "id": one.id,
            "verb": "run",
            "subject": f"function:{one.app}/{one.function}",
            "inputs": {},
            "digest": "",
            "effect": "write",
        },
        process=one.process,
        cause=one.cause,
        actor=Actor("app", one.app, one.person).chain(),
        at=stamp(now),
        happened=happened,
        used=[{"as": "used", "kind": "deploy", "id": one.deploy}],
        cost={"micros": 0, "ms": ms},
    )
