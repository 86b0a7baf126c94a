"""Carrying bytes between a sandbox and whatever it was let through to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from time import monotonic
from typing import Any

from greenlane.runtime.egress.asking import Asked

PIECE = 64 * 1024
"""Bytes that are carried at once; the limit of a reader's buffer."""


class Alive:
    """Ends a connection on which nothing moves."""

    def __init__(self, idle: float) -> None:
        """``idle`` is seconds."""
        self._idle = idle
        self.at = monotonic()

    async def watch(self) -> None:
        """Raise OSError once nothing has moved for that long."""
        left = self._idle
        while left > 0:
            await asyncio.sleep(left)
            left = self.at + self._idle - monotonic()
        raise OSError("nothing has moved for too long")


async def pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, alive: Alive, moved: Callable[[int], None]
) -> None:
    """Carry bytes one way, no faster than they are taken; an end is handed on as an end."""
    while data := await reader.read(PIECE):
        alive.at = monotonic()
        moved(len(data))
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def pieces(asked: Asked, reader: asyncio.StreamReader, buffer: bytearray) -> AsyncIterator[bytes]:
    """The body of one request and not a byte more; what was read from behind it is left in ``buffer``, unjudged.

    Raises ``Malformed``, and OSError for a body that breaks off.
    """
    body = asked.body
    while body is not None and not body.complete:
        piece = body.take(buffer)
        if piece:
            yield piece
        elif not body.complete:
            data = await reader.read(PIECE if body.remaining is None else min(PIECE, body.remaining))
            if not data:
                raise OSError("the body broke off")
            buffer += data


async def send_body(
    asked: Asked,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    alive: Alive,
    moved: Callable[[int], None],
) -> bool:
    """Carry the body of one request. Returns whether nothing was read from behind it. Raises what ``pieces`` raises."""
    behind = bytearray()
    async for piece in pieces(asked, reader, behind):
        alive.at = monotonic()
        moved(len(piece))
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if asked.chunked else piece)
        await writer.drain()
    if asked.chunked:
        writer.write(b"0\r\n\r\n")
    await writer.drain()
    return not behind


async def both_ways(
    up: Coroutine[Any, Any, None], down: Coroutine[Any, Any, None], alive: Alive, linger: float = 0.0
) -> None:
    """Carry until ``down`` is through, something fails (raised here), or nothing moves (OSError).

    ``linger`` is seconds that ``up`` may still take after that.
    """
    sent = asyncio.Event()

    async def up_and_stay() -> None:
        await up
        sent.set()
        await asyncio.Event().wait()

    going = [asyncio.ensure_future(work) for work in (up_and_stay(), down, alive.watch())]
    try:
        done, _ = await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            one.result()
        if linger:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(sent.wait(), linger)
    finally:
        for one in going:
            one.cancel()
        await asyncio.gather(*going, return_exceptions=True)
