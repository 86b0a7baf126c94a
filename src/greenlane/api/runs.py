"""Schedules of an app's functions, and their runs."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Query

from greenlane.api.house import HOUSE, READER
from greenlane.api.reads import visible
from greenlane.deploys.runs import queries as runs

LATELY = 200
"""Runs among which the last of each function is looked for."""


def routes() -> APIRouter:
    """The routes of schedules and runs."""
    router = APIRouter(prefix="/v1/apps/{app}", tags=["reads"])

    @router.get("/schedules", summary="Functions that run by themselves: when, when next, and how the last run went")
    def schedules(app: str, at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            visible(at, connection, who, app)
            found = runs.schedules(connection, app)
            last = runs.last_by_function(runs.runs(connection, app, limit=LATELY))
        return {"items": [_schedule(one, last.get(one.function)) for one in found], "next": None}

    @router.get("/runs", summary="Runs of an app's functions, the newest first")
    def runs_of(
        app: str, at: HOUSE, who: READER, function: str = "", limit: int = Query(20, ge=1, le=200)
    ) -> dict[str, Any]:
        with at.database.read() as connection:
            visible(at, connection, who, app)
            return {"items": [_run(one) for one in runs.runs(connection, app, function, limit)], "next": None}

    @router.get("/runs/{run}", summary="One run: what had it run, and what became of it")
    def run(app: str, run: str, at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            visible(at, connection, who, app)
            return _run(runs.run(connection, app, run))

    return router


def _schedule(one: runs.Schedule, last: runs.Run | None) -> dict[str, Any]:
    return {
        "app": one.app,
        "environment": one.environment,
        "function": one.function,
        "expression": one.expression,
        "zone": one.zone,
        "says": one.cron.says,
        "next_at": None if one.paused_by else one.next_at,
        "paused_by": one.paused_by,
        "failures": one.failures,
        "last": None if last is None else _run(last),
    }


def _run(one: runs.Run) -> dict[str, Any]:
    """A run with everything but what a visitor sent; ``receipt`` is its place in the ledger, once it is over."""
    return {
        "run": one.id,
        "app": one.app,
        "environment": one.environment,
        "function": one.function,
        "deploy": one.deploy,
        "kind": one.kind,
        "state": one.state,
        "process": one.process,
        "cause": one.cause,
        "person": one.person,
        "due_at": one.due_at,
        "began_at": one.began_at,
        "ended_at": one.ended_at,
        "attempt": one.attempt,
        "missed": one.missed,
        "status": one.status,
        "ms": one.ms,
        "why": one.why,
        "receipt": one.seq,
    }
