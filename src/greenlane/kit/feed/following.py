"""A follower's end of a feed: the table, its changes, and the beat that says that the owner is there."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

_LOG = logging.getLogger(__name__)
_LONGEST = 512 * 1024 * 1024
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0
_SILENCE = 5.0
"""Seconds without a word, twenty beats, after which the connection is taken for dead."""
_WAITING = 10_000

Message = dict[str, Any]


def _nothing() -> Iterable[Message]:
    return ()


class Feed:
    """One connection to the owner, made again whenever it breaks.

    ``table`` and ``change`` are awaited for each message and raise KeyError, TypeError or ValueError for one that makes
    no sense; each version is acknowledged when they return. ``beat`` is called for each beat. ``heard`` has what is called
    for messages of other types, and may raise the same; a type that nobody hears is passed over. ``greeting`` is what is
    said first on each new connection, before anything that waited.
    """

    def __init__(
        self,
        path: Path,
        *,
        table: Callable[[Message], Awaitable[int]],
        change: Callable[[Message], Awaitable[int]],
        beat: Callable[[], None],
        heard: Mapping[str, Callable[[Message], None]] | None = None,
        greeting: Callable[[], Iterable[Message]] = _nothing,
    ) -> None:
        self._path = str(path)
        self._table = table
        self._change = change
        self._beat = beat
        self._heard = heard or {}
        self._greeting = greeting
        self._out: asyncio.Queue[Message] = asyncio.Queue(_WAITING)
        self.connected = False
        """Whether the owner is there, as far as is known."""

    def tell(self, message: Message) -> None:
        """Say something to the owner as soon as it is there; dropped when far too much is waiting."""
        if not self._out.full():
            self._out.put_nowait(message)

    async def run(self) -> None:
        """Stay connected until cancelled."""
        pause = _FIRST_PAUSE
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._path, limit=_LONGEST)
            except OSError:
                pause = await _wait(pause)
                continue
            self.connected = True
            try:
                for message in self._greeting():
                    writer.write(_line(message))
                async with asyncio.TaskGroup() as both:
                    sending = both.create_task(self._send(writer))
                    await self._listen(reader, writer)
                    sending.cancel()
                pause = _FIRST_PAUSE
            except* (OSError, TimeoutError):
                _LOG.warning("Control went away; serving on what is known.")
            except* (KeyError, TypeError, ValueError) as broken:
                _LOG.error(
                    "Control sent something that makes no sense; asking for the whole table: %r", broken.exceptions
                )
            finally:
                self.connected = False
                writer.close()
            pause = await _wait(pause)

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hear this owner. What is acknowledged goes to it alone: another one counts its versions anew."""
        while True:
            async with asyncio.timeout(_SILENCE):
                line = await reader.readline()
            if not line:
                return
            message = orjson.loads(line)
            kind = message["type"]
            if kind == "beat":
                self._beat()
            elif kind in ("table", "change"):
                version = await (self._table if kind == "table" else self._change)(message)
                self._beat()
                writer.write(_line({"type": "ack", "version": version}))
            elif kind in self._heard:
                self._heard[kind](message)

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        while True:
            message = await self._out.get()
            writer.write(_line(message))
            await writer.drain()


def _line(message: Message) -> bytes:
    return orjson.dumps(message) + b"\n"


async def _wait(pause: float) -> float:
    """Wait about that long; returns how long to wait next time."""
    await asyncio.sleep(pause * random.uniform(0.5, 1.0))
    return min(pause * 2, _LONGEST_PAUSE)
