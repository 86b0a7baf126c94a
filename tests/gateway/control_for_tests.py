"""A stand-in for control: it tells a table, owns the budgets by the real rules, and hears what workers say.

It lives on one event loop. ``Journals`` reads what workers wrote, and buries the dead with it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson

from greenlane.gateway.budgets import saying
from greenlane.gateway.budgets.account import Budget
from greenlane.gateway.budgets.messages import Elsewhere, Key, Recall, Report
from greenlane.gateway.budgets.owner import Owner, Rows
from greenlane.gateway.budgets.period import Period, window
from greenlane.gateway.budgets.replay import Replay
from greenlane.kit.clock import SystemClock, parse
from greenlane.ledger.batches import read_batch


def in_memory(rows: Rows) -> None:
    """Nobody restarts the owner here."""


def budgets_of(table: dict[str, Any]) -> dict[str, Budget]:
    return {
        name: Budget(name, one["account"], one["amount"], Period(one["period"]), one["zone"], one["hard"])
        for name, one in table["budgets"].items()
    }


class Control:
    """The feed's server and the owner. Asks are answered at once, recalls are waited for a moment."""

    def __init__(self, socket: Path, table: dict[str, Any]) -> None:
        self.socket = socket
        self.table = table
        self.owner = Owner(budgets_of(table), {}, in_memory, SystemClock())
        self.followers: dict[str, asyncio.StreamWriter] = {}
        self.hellos: list[dict[str, Any]] = []
        self.notices: list[dict[str, Any]] = []
        self.asks = 0
        self.permitted: list[dict[str, Any]] = []
        self.permits: Callable[[dict[str, Any]], dict[str, Any]] = lambda _: {"request": None, "says": "Not here."}
        self._version = 1
        self._acknowledged: dict[asyncio.StreamWriter, int] = {}
        self._recalled: dict[tuple[Key, str], asyncio.Event] = {}
        self._news = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._beats: asyncio.Task[None] | None = None
        self._answers: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, str(self.socket), limit=1 << 26)
        self._beats = asyncio.create_task(self._beat())

    async def stop(self) -> None:
        assert self._server
        assert self._beats
        self._server.close()
        self._beats.cancel()
        for writer in list(self._acknowledged):
            writer.close()
        for task in list(self._answers):
            task.cancel()

    async def change(self, put: dict[str, Any] | None = None, drop: dict[str, Any] | None = None) -> None:
        """Change the table, and wait until every follower serves it."""
        self._version += 1
        for section, entries in (put or {}).items():
            self.table[section] = {**self.table[section], **entries}
        for section, names in (drop or {}).items():
            self.table[section] = {name: one for name, one in self.table[section].items() if name not in names}
        for recall in self.owner.change(budgets_of(self.table)):
            for worker in recall.workers:
                self._recall(recall, worker)
        self._tell_all({"type": "change", "version": self._version, "set": put or {}, "drop": drop or {}})
        await self.until(lambda: all(version >= self._version for version in self._acknowledged.values()))

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self._news.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), 0.05)

    async def tell_elsewhere(self, budget: str, spent: int) -> None:
        """Say what other processes spent of a soft budget, and wait until it was heard: what is said is heard in order."""
        one = self.owner.standing(budget).budget
        since = window(one.period, one.zone, SystemClock().now()).since
        told = saying.of_elsewhere(Elsewhere(Key(budget, since), spent))
        self._tell_all({"type": "elsewhere", **told})
        await self.change()

    def spent(self, budget: str) -> int:
        return self.owner.standing(budget).spent

    def _tell_all(self, message: dict[str, Any]) -> None:
        for writer in self._acknowledged:
            _tell(writer, message)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(0.2)
            self._tell_all({"type": "beat"})

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        worker = ""
        self._acknowledged[writer] = 0
        _tell(writer, {"type": "table", "table": {"version": self._version, **self.table}})
        try:
            while line := await reader.readline():
                message = orjson.loads(line)
                if message["type"] == "hello":
                    worker = message["worker"]
                    self.followers[worker] = writer
                    self.hellos.append(message)
                elif message["type"] == "ack":
                    self._acknowledged[writer] = message["version"]
                elif message["type"] == "ask":
                    self.asks += 1
                    task = asyncio.create_task(self._answer(writer, worker, message))
                    self._answers.add(task)
                    task.add_done_callback(self._answers.discard)
                elif message["type"] == "report":
                    self._heard(writer, saying.report(message))
                elif message["type"] == "permit":
                    self.permitted.append(message)
                    _tell(writer, {"type": "permitted", "number": message["number"], **self.permits(message)})
                elif message["type"] == "notice":
                    self.notices.append(message)
                self._news.set()
        except OSError:
            pass
        finally:
            del self._acknowledged[writer]
            if self.followers.get(worker) is writer:
                del self.followers[worker]
            writer.close()

    def _heard(self, writer: asyncio.StreamWriter, report: Report) -> None:
        self.owner.heard(report)
        self.owner.keep()
        _tell(writer, {"type": "confirmed", **saying.of_report(report)})
        event = self._recalled.pop((report.key, report.worker), None)
        if event is not None:
            event.set()

    async def _answer(self, writer: asyncio.StreamWriter, worker: str, message: dict[str, Any]) -> None:
        key, want, least = saying.key(message), message["want"], message["least"]
        found = self.owner.ask(worker, key, want, least=least)
        if isinstance(found, Recall):
            await asyncio.gather(*(self._given_back(found, one) for one in found.workers))
            if worker not in self.followers:
                return  # it died meanwhile, and may be buried by now
            found = self.owner.ask(worker, key, want, least=least, recalled=True)
        assert not isinstance(found, Recall)
        _tell(writer, {"type": "answer", "number": message["number"], **saying.of_answer(found)})

    def _recall(self, recall: Recall, worker: str) -> None:
        writer = self.followers.get(worker)
        if writer is not None:
            _tell(writer, {"type": "recall", **saying.of_key(recall.key), "missing": recall.missing})

    async def _given_back(self, recall: Recall, worker: str) -> None:
        if worker not in self.followers:
            return
        event = self._recalled.setdefault((recall.key, worker), asyncio.Event())
        self._recall(recall, worker)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), 1)


def _tell(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    if not writer.is_closing():
        writer.write(orjson.dumps(message) + b"\n")


def records(folder: Path) -> list[dict[str, Any]]:
    """Everything that the workers under that folder wrote, sealed and open, in order."""
    return [orjson.loads(one) for slot in sorted(folder.iterdir()) for one in _of_slot(slot)]


def _of_slot(slot: Path) -> list[bytes]:
    """A file is renamed when it is sealed, which may happen while this reads: then it is all read again."""
    while True:
        names = sorted(slot.iterdir(), key=lambda one: one.stem)
        with contextlib.suppress(FileNotFoundError):
            found = [
                one
                for file in names
                if file.suffix in {".sealed", ".open"}
                for one in read_batch(file.read_bytes()).records
            ]
            if sorted(slot.iterdir(), key=lambda one: one.stem) == names:
                return found


def replayed(found: Iterable[dict[str, Any]]) -> dict[str, Replay]:
    """What each life spent, by its records."""
    lives: dict[str, Replay] = {}
    of_call: dict[str, str] = {}
    for one in found:
        if one["k"] == "life":
            lives[one["worker"]] = Replay()
        elif one["k"] == "begin":
            of_call[one["call"]] = one["worker"]
            keys = [Key(budget, parse(since)) for budget, since in one["budgets"]]
            lives[one["worker"]].reserved(one["call"], keys, one["reserved"])
        elif one["k"] == "end":
            lives[of_call[one["call"]]].settled(one["call"], one["pico"])
    return lives
