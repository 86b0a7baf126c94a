"""Where running apps are to be found: asked of the runtime process, remembered until a connection fails.

Somebody who asks for an app that sleeps wakes it: everybody who comes meanwhile waits for the same answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple, Protocol

import orjson

from greenlane.kit.wire.upstream import Measure, Upstream

_LOG = logging.getLogger(__name__)
_LONGEST_LINE = 64 * 1024
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5


class Key(NamedTuple):
    """What runs: a deploy of an app in an environment."""

    app: str
    environment: str
    deploy: str


class NotRunning(Exception):
    """Why there is nowhere to send a request, in words. ``wait``: asking again shortly may help."""

    def __init__(self, code: str, says: str, next_step: str, *, wait: bool = False) -> None:
        super().__init__(says)
        self.code = code
        self.says = says
        self.next_step = next_step
        self.wait = wait


class Runtime(Protocol):
    """The process that runs apps."""

    async def endpoint(self, key: Key) -> Path:
        """The socket of the running app; wakes it where it sleeps. Raises ``NotRunning``."""
        ...

    async def used(self, keys: Iterable[Key]) -> None:
        """These were in use just now. What goes wrong with it is nobody's concern."""
        ...


class RuntimeProcess:
    """The runtime process behind its socket: a JSON line each way."""

    def __init__(self, socket: Path, patience: float) -> None:
        self._socket = str(socket)
        self._patience = patience

    async def endpoint(self, key: Key) -> Path:
        """Ask for the socket. Raises ``NotRunning``."""
        try:
            async with asyncio.timeout(self._patience):
                answer = await self._say({"ask": "endpoint", **key._asdict()}, answered=True)
        except (OSError, TimeoutError, TypeError, ValueError) as error:
            raise NotRunning(
                "runtime-away",
                "The part of Greenlane that runs apps does not answer just now.",
                "Please try again shortly.",
                wait=True,
            ) from error
        if "socket" in answer:
            return Path(str(answer["socket"]))
        raise NotRunning(
            str(answer.get("refused") or "not-running"),
            str(answer.get("says") or "This app does not run."),
            str(answer.get("next_step") or "Ask its owner."),
            wait=bool(answer.get("wait")),
        )

    async def used(self, keys: Iterable[Key]) -> None:
        """Note what was in use."""
        with suppress(OSError, TimeoutError, TypeError, ValueError):
            async with asyncio.timeout(self._patience):
                await self._say({"note": "used", "keys": [list(key) for key in keys]}, answered=False)

    async def _say(self, message: dict[str, Any], *, answered: bool) -> dict[str, Any]:
        reader, writer = await asyncio.open_unix_connection(self._socket, limit=_LONGEST_LINE)
        try:
            writer.write(orjson.dumps(message) + b"\n")
            await writer.drain()
            if not answered:
                return {}
            answer = orjson.loads(await reader.readline())
        finally:
            writer.close()
        return dict(answer)


class Endpoints:
    """Connections to running apps. ``longest`` is how long an app may take to wake, in seconds."""

    def __init__(self, runtime: Runtime, measure: Measure, longest: float) -> None:
        self._runtime = runtime
        self._measure = measure
        self._longest = longest
        self._known: dict[Key, Upstream] = {}
        self._asking: dict[Key, asyncio.Task[Upstream]] = {}

    def known(self, key: Key) -> Upstream | None:
        """Where it is, if that was said before. Where its socket is gone, another took over: nothing new goes there."""
        found = self._known.get(key)
        if found is not None and not found.path.exists():
            self.forget(key, found)
            return None
        return found

    async def ask(self, key: Key, within: float) -> Upstream:
        """Find out where it is. Raises ``NotRunning``, TimeoutError after ``within`` seconds; the asking goes on then."""
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.get_running_loop().create_task(self._ask(key))
            task.add_done_callback(lambda done: self._asked(key, done))
        done, _ = await asyncio.wait({task}, timeout=within)
        if not done:
            raise TimeoutError
        return task.result()

    def forget(self, key: Key, upstream: Upstream) -> None:
        """It is not there any more."""
        if self._known.get(key) is upstream:
            del self._known[key]
        upstream.close()

    def keep(self, keys: Iterable[Key]) -> None:
        """Let go of all others: nobody can ask for them any more."""
        for key in self._known.keys() - set(keys):
            self._known.pop(key).close()

    def close(self) -> None:
        """Let go of everything."""
        for task in self._asking.values():
            task.cancel()
        self.keep(())

    async def _ask(self, key: Key) -> Upstream:
        pause, until = _FIRST_PAUSE, monotonic() + self._longest
        while True:
            try:
                path = await self._runtime.endpoint(key)
            except NotRunning as why:
                if not why.wait or monotonic() + pause > until:
                    raise
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                made = self._known[key] = Upstream(path, measure=self._measure)
                return made

    def _asked(self, key: Key, task: asyncio.Task[Upstream]) -> None:
        self._asking.pop(key, None)
        if not task.cancelled() and (fault := task.exception()) is not None and not isinstance(fault, NotRunning):
            _LOG.error("asking where %s runs failed", key.app, exc_info=fault)
