"""Builds of an app: what they are, how they went, and their logs while they are written."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import orjson
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from greenlane.api.house import HOUSE, READER, ApiHouse
from greenlane.api.reads import visible
from greenlane.deploys import queries as deploys

LOOK_EVERY = 0.3
"""Seconds between two looks at a log that is written."""

STILL_THERE = 10.0
"""Seconds after which a silent stream says that it goes on."""


def routes() -> APIRouter:
    """The routes of builds."""
    router = APIRouter(prefix="/v1/apps/{app}/builds", tags=["reads"])

    @router.get("", summary="Builds of an app, the newest first")
    def builds(app: str, at: HOUSE, who: READER, limit: int = Query(20, ge=1, le=100)) -> dict[str, Any]:
        with at.database.read() as connection:
            visible(at, connection, who, app)
            return {"items": [_told(one) for one in deploys.builds(connection, app, limit)]}

    @router.get("/{build}", summary="One build: its plan, its steps, and what came of it")
    def build(app: str, build: str, at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            visible(at, connection, who, app)
            one = deploys.build(connection, app, build)
        return {**_told(one), "plan": dict(one.plan), "outcome": dict(one.outcome or {})}

    @router.get("/{build}/log", summary="The log of a build, line by line as server-sent events, until it ends")
    async def log(app: str, build: str, at: HOUSE, who: READER) -> StreamingResponse:
        def find() -> deploys.BuildView:
            with at.database.read() as connection:
                visible(at, connection, who, app)
                return deploys.build(connection, app, build)

        one = await run_in_threadpool(find)
        return StreamingResponse(_events(at, one), media_type="text/event-stream")

    return router


async def _events(at: ApiHouse, one: deploys.BuildView) -> AsyncIterator[bytes]:
    start, silent = 0, time.monotonic()
    while True:
        one = await run_in_threadpool(_again, at, one)
        text, start = await run_in_threadpool(at.build_log, one, start)
        for line in text.splitlines():
            yield b"event: line\ndata: " + line.encode() + b"\n\n"
        if text:
            silent = time.monotonic()
        if not one.under_way:
            yield b"event: ended\ndata: " + orjson.dumps({**_told(one), "outcome": dict(one.outcome or {})}) + b"\n\n"
            return
        if time.monotonic() - silent > STILL_THERE:
            silent = time.monotonic()
            yield b": it goes on\n\n"
        await asyncio.sleep(LOOK_EVERY)


def _again(at: ApiHouse, one: deploys.BuildView) -> deploys.BuildView:
    with at.database.read() as connection:
        return deploys.build(connection, one.app, one.id)


def _told(one: deploys.BuildView) -> dict[str, Any]:
    outcome = one.outcome or {}
    return {
        "build": one.id,
        "app": one.app,
        "state": one.state,
        "framework": one.plan["framework"],
        "upload": one.upload,
        "made": one.made,
        "why": outcome.get("why", ""),
        "instead": outcome.get("instead", ""),
        "created_at": one.created_at,
        "ended_at": one.ended_at,
    }
