"""How much a request may carry. What is sent to be parsed is read whole, so it is bounded before anybody asks who sends it.

Files are streamed, and bounded by what their upload named or by the limits of an upload.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from greenlane.api.problem import problem

LARGEST = 1024 * 1024
"""Bytes of a document."""
LARGEST_LIST = 64 * 1024 * 1024
"""Bytes of an upload's list of files: the longest list that is taken, with paths of common length, has a third of it."""

LISTS = frozenset({"/v1/uploads", "/new/uploads"})
"""Where such lists are sent: by programs, and by the console's pages."""

_FILE = re.compile(r"/v1/uploads/[^/]+/blobs/[^/]+|/new(?:/[^/]+/files(?:/[^/]+)?)?")


class Bounded:
    """Answers 413 instead of the app to whoever sends more, whether they say so beforehand or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or _FILE.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        most = LARGEST_LIST if scope["path"] in LISTS else LARGEST
        said = dict(scope["headers"]).get(b"content-length", b"0")
        if said.isdigit() and int(said) > most:
            await _too_large(most)(scope, receive, send)
            return
        arrived, answered = 0, False

        async def counted() -> Message:
            nonlocal arrived, answered
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived <= most:
                return message
            if not answered:
                answered = True
                await _too_large(most)(scope, receive, send)
            return {"type": "http.disconnect"}

        async def unanswered(message: Message) -> None:
            if not answered:
                await send(message)

        await self._app(scope, counted, unanswered)


def _too_large(most: int) -> ASGIApp:
    return problem(
        413,
        "too-large",
        f"A request's document may have at most {most // (1024 * 1024)} MB.",
        "Send files through an upload, one request each.",
    )
