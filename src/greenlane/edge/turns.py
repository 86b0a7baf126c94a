"""Taking turns: each app has so many requests going on at once and so many waiting, whatever the others do.

A noisy app fills its own turns and nobody else's. What waits is served in the order in which it came.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


class Crowded(Exception):
    """The app has more going on than it may: this request was not begun."""


@dataclass(slots=True)
class _App:
    going: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class Turns:
    """``at_once`` requests of one app go on together, ``queued`` more wait for at most ``patience`` seconds."""

    def __init__(self, at_once: int, queued: int, patience: float) -> None:
        self._at_once = at_once
        self._queued = queued
        self._patience = patience
        self._apps: dict[str, _App] = {}

    def going(self, app: str) -> int:
        """How many go on at this moment."""
        found = self._apps.get(app)
        return found.going if found else 0

    @asynccontextmanager
    async def turn(self, app: str) -> AsyncIterator[None]:
        """Wait for a turn, and give it back. Raises ``Crowded``."""
        one = self._apps.setdefault(app, _App())
        if one.going < self._at_once:
            one.going += 1
        else:
            await self._wait(app, one)
        try:
            yield
        finally:
            self._pass_on(app, one)

    async def _wait(self, app: str, one: _App) -> None:
        if len(one.waiting) >= self._queued:
            raise Crowded
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        one.waiting.append(turn)
        try:
            async with asyncio.timeout(self._patience):
                await turn
        except BaseException as error:  # raised again: a turn that was given in this moment is not lost
            if turn.done() and not turn.cancelled():
                self._pass_on(app, one)
            elif turn in one.waiting:
                one.waiting.remove(turn)
            if isinstance(error, TimeoutError):
                raise Crowded from error
            raise

    def _pass_on(self, app: str, one: _App) -> None:
        self._give(one)
        if not one.going and not one.waiting:
            self._apps.pop(app, None)

    @staticmethod
    def _give(one: _App) -> None:
        """A turn is free: the next who still waits has it."""
        while one.waiting:
            turn = one.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        one.going -= 1
