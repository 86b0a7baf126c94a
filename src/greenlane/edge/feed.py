"""Hearing from control: the table, its changes, and the beat that says that control is there."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
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


class Feed:
    """One connection to control, made again whenever it breaks.

    ``table`` and ``change`` are awaited for each message and raise KeyError, TypeError or ValueError for one that makes
    no sense; each version is acknowledged when they return. ``beat`` is called for each beat.
    """

    def __init__(
        self,
        path: Path,
        *,
        table: Callable[[dict[str, Any]], Awaitable[int]],
        change: Callable[[dict[str, Any]], Awaitable[int]],
        beat: Callable[[], None],
    ) -> None:
        self._path = str(path)
        self._table = table
        self._change = change
        self._beat = beat
        self._out: asyncio.Queue[dict[str, Any]] = asyncio.Queue(_WAITING)

    def tell(self, message: dict[str, Any]) -> None:
        """Say something to control as soon as it is there; dropped when far too much is waiting."""
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
            try:
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
                writer.close()
            pause = await _wait(pause)

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hear this control. What is acknowledged goes to it alone: another one counts its versions anew."""
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
                writer.write(orjson.dumps({"type": "ack", "version": version}) + b"\n")

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        while True:
            message = await self._out.get()
            writer.write(orjson.dumps(message) + b"\n")
            await writer.drain()


async def _wait(pause: float) -> float:
    """Wait about that long; returns how long to wait next time."""
    await asyncio.sleep(pause * random.uniform(0.5, 1.0))
    return min(pause * 2, _LONGEST_PAUSE)
