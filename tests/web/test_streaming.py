"""Streams: words by name, and a few for each person, so that many tabs leave room for a page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from starlette.requests import Request
from starlette.responses import StreamingResponse

from greenlane.web.asked import Asked
from greenlane.web.streaming import AT_ONCE, Event, Streams


def opened(streams: Streams, person: str, ends: asyncio.Event) -> Any:
    async def telling(at: Asked) -> AsyncIterator[Event]:
        yield Event("told", f"for {at.person}\nand more")
        await ends.wait()
        yield Event("done", "")

    route = streams.route("/stream", telling)
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/stream",
        "query_string": b"",
        "headers": [(b"who", person.encode())],
    }
    return route.endpoint(Request(scope))


class Site:
    def asked(self, request: Request, typed: object) -> Any:
        who = request.headers["who"]
        return SimpleNamespace(person=SimpleNamespace(person=who) if who else None, request=request, path="/", here="/")


def test_a_person_has_a_few_streams_and_gets_another_when_one_ends() -> None:
    async def scene() -> None:
        streams, ends = Streams(Site()), asyncio.Event()
        told = []
        for _ in range(AT_ONCE):
            answer = await opened(streams, "p_ana", ends)
            assert isinstance(answer, StreamingResponse)
            told.append(aiter(answer.body_iterator))
            first = await anext(told[-1])
            assert first.startswith("event: told\ndata: for ")
            assert first.endswith("\ndata: and more\n\n")
        assert (await opened(streams, "p_ana", ends)).status_code == 204
        assert isinstance(await opened(streams, "p_bo", ends), StreamingResponse)
        ends.set()
        assert [one async for one in told[0]] == ["event: done\ndata: \n\n"]
        assert isinstance(await opened(streams, "p_ana", ends), StreamingResponse)

    asyncio.run(scene())
