"""Server-sent events, sparingly: they carry words and never elements, and live only while something runs.

A browser has six connections to a host (HTTP/1.1), whatever the number of its tabs. So a person has a few streams at
once; whoever comes later gets none and asks now and then instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from greenlane.web import errors, frame
from greenlane.web.asked import Asked
from greenlane.web.site import Site

AT_ONCE = 3
"""Streams of one person."""


class Event(NamedTuple):
    """One event: its name, which the page waits for, and words without markup."""

    name: str
    words: str


Telling = Callable[[Asked], AsyncIterator[Event] | None]
"""What goes on, until it ends; None when nothing does."""


class Streams:
    """Makes routes of streams. One for each room that has some."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._open: Counter[str] = Counter()

    def route(self, path: str, telling: Telling) -> Route:
        """An address that tells what goes on. 204 when nothing does, and when this person has enough streams."""

        async def endpoint(request: Request) -> Response:
            at = await run_in_threadpool(self._site.asked, request, {})
            if at.person is None:
                return errors.sign_in_first(at)
            person = at.person.person
            events = telling(at) if self._open[person] < AT_ONCE else None
            if events is None:
                return Response(status_code=204, headers=frame.PLAIN_HEADERS)
            return StreamingResponse(
                self._written(person, events), headers=frame.PLAIN_HEADERS, media_type="text/event-stream"
            )

        return Route(path, endpoint, methods=["GET"])

    async def _written(self, person: str, events: AsyncIterator[Event]) -> AsyncIterator[str]:
        self._open[person] += 1
        try:
            async for one in events:
                words = "".join(f"data: {line}\n" for line in one.words.splitlines() or [""])
                yield f"event: {one.name}\n{words}\n"
        finally:
            self._open[person] -= 1
            if not self._open[person]:
                del self._open[person]
