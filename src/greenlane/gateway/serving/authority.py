"""The gateway's line to control: the table comes in, questions for money go out, and what was spent is told.

When control is away, what was leased is spent on, and nothing beyond it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

from greenlane.gateway.budgets import saying
from greenlane.gateway.budgets.messages import Grant, Key, Report, Spent
from greenlane.gateway.budgets.purse import Purse
from greenlane.gateway.serving.standing import Standing
from greenlane.kit.feed.following import Feed

ANSWER_WITHIN = 5.0
"""Seconds that control is waited for; after that it is away."""
_ONCE_A = 60.0
"""Seconds in which the same thing is told once."""
_MOST_TOLD = 1_000
_STAYS_SPENT = 0.1
"""Seconds for which a budget that is spent stays so, without a question."""
_NEVER: tuple[float, Spent | None] = (0.0, None)


class ControlAway(Exception):
    """Nobody can lease anything just now."""


class Authority:
    """One follower of control. ``run`` until cancelled; ``report`` each second."""

    def __init__(self, path: Path, slot: int, standing: Standing, purse: Purse, changed: Callable[[], None]) -> None:
        self._standing = standing
        self._purse = purse
        self._changed = changed
        self._number = 0
        self._asked: dict[int, asyncio.Future[Grant | Spent]] = {}
        self._permits: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._told: dict[str, float] = {}
        self._first = asyncio.Event()
        self._spent: dict[Key, tuple[float, Spent | None]] = {}
        self._feed = Feed(
            path,
            table=self._table,
            change=self._change,
            beat=lambda: None,
            heard={
                "answer": self._answer,
                "recall": self._recall,
                "confirmed": self._confirmed,
                "elsewhere": self._elsewhere,
                "permitted": self._permitted,
            },
            greeting=lambda: [{"type": "hello", "slot": slot, "worker": purse.worker}],
        )

    async def run(self) -> None:
        """Stay connected until cancelled."""
        await self._feed.run()

    async def told(self, within: float) -> None:
        """Wait until control told the table, or for so many seconds: then somebody has to say that it is away."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._first.wait()

    async def ask(self, key: Key, want: int, least: int) -> Grant | Spent:
        """Ask the owner for money. Raises ``ControlAway``.

        A budget that was spent a moment ago is not asked for again at once, whoever keeps calling.
        """
        if not self._feed.connected:
            raise ControlAway
        until, spent = self._spent.get(key, _NEVER)
        if spent is not None and least > spent.left and monotonic() < until:
            return spent
        self._number += 1
        number = self._number
        future: asyncio.Future[Grant | Spent] = asyncio.get_running_loop().create_future()
        self._asked[number] = future
        self._feed.tell({"type": "ask", "number": number, **saying.of_key(key), "want": want, "least": least})
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                answer = await future
        except TimeoutError as error:
            raise ControlAway from error
        finally:
            del self._asked[number]
        if isinstance(answer, Spent):
            self._spent[key] = (monotonic() + _STAYS_SPENT, answer)
        return answer

    async def permit(self, permit: Mapping[str, Any]) -> dict[str, Any]:
        """Have a person asked for a prompt. The answer names the request that waits. Raises ``ControlAway``."""
        if not self._feed.connected:
            raise ControlAway
        self._number += 1
        number = self._number
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._permits[number] = future
        self._feed.tell({"type": "permit", "number": number, **permit})
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await future
        except TimeoutError as error:
            raise ControlAway from error
        finally:
            del self._permits[number]

    def report(self) -> None:
        """Tell what was spent since it was confirmed last."""
        if self._feed.connected:
            for one in self._purse.reports():
                self._say(one)

    def notice(self, what: str, about: str, **more: Any) -> None:
        """Tell control of something that somebody should hear of; the same thing about the same once a minute."""
        now = monotonic()
        name = f"{what} {about}"
        if now - self._told.get(name, -_ONCE_A) < _ONCE_A:
            return
        if len(self._told) >= _MOST_TOLD:
            self._told.clear()
        self._told[name] = now
        self._feed.tell({"type": "notice", "notice": what, "about": about, **more})

    # Hearing from control.

    async def _table(self, message: dict[str, Any]) -> int:
        self._standing.replace(message["table"])
        self._spent.clear()
        self._changed()
        self._first.set()
        return self._standing.version

    async def _change(self, message: dict[str, Any]) -> int:
        self._standing.change(int(message["version"]), message.get("set", {}), message.get("drop", {}))
        self._spent.clear()
        self._changed()
        return self._standing.version

    def _answer(self, message: dict[str, Any]) -> None:
        answer = saying.answer(message)
        future = self._asked.get(int(message["number"]))
        if future is not None and not future.done():
            future.set_result(answer)
        elif isinstance(answer, Grant):
            self._purse.take(answer)

    def _permitted(self, message: dict[str, Any]) -> None:
        future = self._permits.get(int(message["number"]))
        if future is not None and not future.done():
            future.set_result(message)

    def _recall(self, message: dict[str, Any]) -> None:
        key = saying.key(message)
        given = self._purse.release(key, int(message["missing"]))
        self._say(given or Report(self._purse.worker, key, 0, 0), recall=message.get("recall"))

    def _confirmed(self, message: dict[str, Any]) -> None:
        self._purse.confirmed(saying.report(message))

    def _elsewhere(self, message: dict[str, Any]) -> None:
        told = saying.elsewhere(message)
        budget = self._standing.budgets.get(told.key.budget)
        if budget is not None:
            self._purse.others(told, budget)

    def _say(self, one: Report, **answers: Any) -> None:
        """``answers`` names the question that this is the answer to, where it is one."""
        self._feed.tell({"type": "report", **saying.of_report(one), **answers})
