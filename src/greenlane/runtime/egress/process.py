"""The egress process: the socket on which it is told things, a socket for each sandbox, and the record of what went out.

What it is told are JSON lines, each with an answer:

    {"ask": "open", "name", "app", "environment", "deploy", "use": "run"|"build", "places": ["host:port"],
     "models": true|false} -> {"socket"}
    {"ask": "used", "name"}  -> {"used": [{"host", "port", "outcome", "why", "times", "sent", "received", ...}]}
    {"ask": "close", "name"} -> {"used": [...]}
    {"ask": "begin", "use"}  -> {}                  all sandboxes of that use that were opened before are over
    {"ask": "hosts"}         -> {"digest"}          of the hosts that it knows
    {"tell": "hosts", "apps": {"vendor-board": ["api.example.com"]}} -> {"digest"}
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import uvloop

from greenlane.kit.clock import Clock, SystemClock
from greenlane.kit.errors import StorageFull
from greenlane.runtime.egress.carrying import PIECE
from greenlane.runtime.egress.platform import Says, plainly
from greenlane.runtime.egress.policy import Policies, Sandbox, sandbox
from greenlane.runtime.egress.proxy import Allowance, Limits, Proxy
from greenlane.runtime.egress.reaching import Lookup, Reaching, lookup
from greenlane.runtime.egress.usage import Usage, UsageJournal

_LOG = logging.getLogger(__name__)
_LONGEST_LINE = 64 * 1024 * 1024
_LONGEST_PATH = 108
"""Bytes of a socket's path, its final zero included (unix(7))."""
_MOST_UNWRITTEN = 100_000


@dataclass(frozen=True, slots=True)
class EgressOptions:
    """What the process is told by the composition root. Times in seconds."""

    socket: Path
    """Where it is told things; control and the runtime process alone may open it."""
    sockets: Path
    """The folder with a socket for each sandbox."""
    folder: Path
    """Its own folder: what it was told is kept there."""
    journal: Path
    """The folder of its journal."""
    models: Path | None = None
    """The socket of the model gateway, which believes what this process says of a sandbox."""
    models_say: Says = plainly
    """How a refusal is said to whoever calls models."""
    networks: tuple[str, ...] = ()
    """Networks (CIDR) of the organisation's own that apps may reach as well."""
    limits: Limits = field(default_factory=Limits)
    write_every: float = 5.0
    """How often counts are written."""
    seal_every: float = 60.0
    """How often what was written becomes a batch for the ledger."""
    look_up: Lookup = lookup
    ready: Callable[[], None] | None = None


def run(options: EgressOptions) -> None:
    """Serve until SIGTERM or SIGINT."""
    uvloop.run(_run(options))


async def _run(options: EgressOptions) -> None:
    egress = Egress(options)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await egress.start()
    if options.ready is not None:
        options.ready()
    await stop.wait()
    await egress.stop()


class Egress:
    """The parts and their life. ``start`` and ``stop`` once each, on a running event loop."""

    def __init__(self, options: EgressOptions, clock: Clock | None = None) -> None:
        self._options = options
        self._clock = clock or SystemClock()
        self._policies = Policies.at(options.folder / "told.json")
        self._reaching = Reaching(options.networks, options.look_up)
        self._usage = Usage()
        self._allowance = Allowance(options.limits.a_day)
        self._ways: dict[str, tuple[asyncio.Server, Proxy]] = {}
        self._unwritten: deque[dict[str, Any]] = deque(maxlen=_MOST_UNWRITTEN)
        self._journal: UsageJournal
        self._server: asyncio.Server
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Open the way out of every sandbox that is known, then listen to what is told."""
        options = self._options
        for folder in (options.folder, options.sockets):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._journal = UsageJournal(options.journal, self._clock)
        for left in options.sockets.glob("*.sock"):
            left.unlink()
        for one in list(self._policies.sandboxes.values()):
            await self._open(one)
        options.socket.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._listen, str(options.socket), limit=_LONGEST_LINE)
        options.socket.chmod(0o600)
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(work) for work in (self._write_now_and_then(), self._seal_now_and_then())]

    async def stop(self) -> None:
        """Cut what goes on, write what was counted, and let go. What was told stays in force for the next start."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for server, proxy in self._ways.values():
            server.close()
            await proxy.close()
        self._write()
        self._journal.close()
        self._options.socket.unlink(missing_ok=True)

    # What is told.

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                try:
                    answer = await self._do(dict(orjson.loads(line)))
                except (KeyError, TypeError, ValueError, OSError) as error:
                    _LOG.warning("The egress process was told something that makes no sense: %r", error)
                    answer = {"refused": "nonsense", "says": str(error)}
                writer.write(orjson.dumps(answer) + b"\n")
                await writer.drain()
        except OSError:
            return  # whoever told it is gone
        finally:
            writer.close()

    async def _do(self, told: dict[str, Any]) -> dict[str, Any]:
        if told.get("tell") == "hosts":
            self._policies.tell(told["apps"])
            for _, proxy in self._ways.values():
                proxy.look()
            return {"digest": self._policies.digest}
        match told.get("ask"):
            case "hosts":
                return {"digest": self._policies.digest}
            case "open":
                one = sandbox(told)
                self._policies.open(one)
                return {"socket": str(await self._open(one))}
            case "begin":
                for name in self._policies.begin("build" if told["use"] == "build" else "run"):
                    await self._close(name)
                return {}
            case "used":
                return {"used": self._usage.of(str(told["name"]))}
            case "close":
                return {"used": await self._close(str(told["name"]))}
        raise ValueError("neither asked nor told")

    async def _open(self, one: Sandbox) -> Path:
        path = self._place(one.name)
        if one.name in self._ways:
            self._ways[one.name][1].look()
            return path
        proxy = Proxy(
            lambda: self._policies.sandboxes.get(one.name),
            self._policies,
            self._reaching,
            self._usage,
            self._allowance,
            self._options.limits,
            self._options.models,
            self._options.models_say,
        )
        path.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(proxy.serve, str(path), limit=PIECE)
        path.chmod(0o666)  # whoever it is handed to may use it; its folder lets in nobody else
        self._ways[one.name] = (server, proxy)
        return path

    def _place(self, name: str) -> Path:
        """A sandbox's socket, under a shorter name where its own would make the path too long for one."""
        path = self._options.sockets / f"{name}.sock"
        short = sha256(name.encode()).hexdigest()[:16]
        return path if len(str(path)) < _LONGEST_PATH else self._options.sockets / f"{short}.sock"

    async def _close(self, name: str) -> list[dict[str, Any]]:
        self._policies.close(name)
        way = self._ways.pop(name, None)
        if way is not None:
            way[0].close()
            await way[1].close()
            self._place(name).unlink(missing_ok=True)
        used = self._usage.of(name)
        self._usage.forget(name)
        return used

    # What went out.

    async def _write_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(self._options.write_every)
            self._write()

    async def _seal_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(self._options.seal_every)
            self._write()
            self._journal.seal()

    def _write(self) -> None:
        self._unwritten.extend(self._usage.take())
        try:
            self._journal.write(self._unwritten)
        except (StorageFull, OSError) as error:
            _LOG.warning("What went out could not be written down; trying again: %s", error)
