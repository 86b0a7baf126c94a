"""Many callers, several workers that are killed at any moment, one budget: what was spent, and who says so.

    python -m tests.gateway.race [--calls 100000] [--at-once 256] [--workers 4] [--kills 50] [--json FILE]

Callers, control and the provider live in this process, each worker in one of its own. The provider keeps its own account.
Interrupted, it stops asking and tells what there is. Without kills it is a soak: what a worker's memory was after a tenth of the calls, and what it is in the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import signal
import socket
import tempfile
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import orjson
import uvloop
from tests.gateway.control_for_tests import Control
from tests.gateway.racing import INPUT, MOST, OUTPUT, Caller, Journals, Provider
from tests.gateway.world import KEY, budget, hashed, key, provider, table

from greenlane.gateway.serving.options import GatewayOptions
from greenlane.gateway.serving.process import run

PATIENCE = 600.0
"""Seconds after which nobody waits any longer for something to come."""
READ_EVERY = 1.0
"""Seconds after which what was sealed meanwhile is read, so that neither memory nor disk grows with the calls."""


@dataclass
class Told:
    """What everybody says in the end. Pico-dollars."""

    budget: int
    calls: int = 0
    spent: int = 0
    """By the journals: settled calls at their price, open ones at what was reserved."""
    open: int = 0
    seen: int = 0
    refused: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    """What was refused, by the status of the answer: 402 for a spent budget, 503 where control could lease nothing."""
    broken: int = 0
    kills: int = 0
    seconds: float = 0.0
    worst: int = 0
    """The largest reservation of one call."""
    settled: int = 0
    """Answered calls whose price was held against the provider's own account."""
    lost: list[str] = field(default_factory=list)
    """Calls that somebody saw and no record tells of, in words."""
    wrong: list[str] = field(default_factory=list)
    """Calls whose price is not what the provider's own account says."""
    memory: list[float] = field(default_factory=list)
    """Megabytes of the largest worker after each tenth of the calls."""


class Race:
    """One race."""

    def __init__(
        self, folder: Path, calls: int, at_once: int, workers: int, kills: int, amount: int, *, progress: bool = False
    ) -> None:
        self.folder = folder
        self.told = Told(amount, calls)
        self._calls = calls
        self._at_once = at_once
        self._workers = workers
        self._kills = kills
        self._progress = progress
        self._account = array("q", bytes(8 * (calls + 1)))
        self._begun = bytearray(calls + 1)
        self._numbers: dict[bytes, int] = {}
        self._running: dict[str, int] = {}
        """The number of each call that has an intent and no end."""
        self._seen: set[str] = set()
        """Calls that were answered and whose end was not read yet."""
        self._ended: set[str] = set()
        """Calls whose end was read and whose answer nobody saw yet."""
        self._buried: set[str] = set()
        self._asked = 0
        self._so_far = calls
        """Calls that are made before the next worker is killed and another stands in its place."""
        self._enough = False
        self._waiting: list[Caller] = []
        self._over = 0
        self._finished = asyncio.Event()
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["greenlane.gateway.serving.process"])
        self._processes: list[BaseProcess] = []
        self._journals = Journals(folder / "journal", self._record)

    async def run(self) -> Told:
        began = time.monotonic()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._stop)
        providing = await loop.create_server(lambda: Provider(self._account), "127.0.0.1", 0, backlog=1024)
        told = table()
        told["keys"] = {hashed(KEY): key()}
        told["budgets"] = {"b_1": budget(self.told.budget), "b_2": budget(self.told.budget * 2, "person:p_ada")}
        told["providers"] = {"openai": provider(providing.sockets[0].getsockname()[1])}
        told["usual"] = {"openai": "openai"}
        self._control = Control(self.folder / "feed.sock", told)
        await self._control.start()
        self._listening = socket.socket()
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen(1024)
        for slot in range(self._workers):
            self._processes.append(self._start(slot))
        await self._until(lambda: len(self._control.followers) == self._workers)
        async with asyncio.TaskGroup() as works:
            looking = works.create_task(self._look_now_and_then(began))
            works.create_task(self._kill_now_and_then())
            for _ in range(self._at_once):
                await self._connect()
            await self._finished.wait()
            looking.cancel()
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            await asyncio.to_thread(process.join)
        loop.remove_signal_handler(signal.SIGINT)
        self._listening.close()
        await self._control.stop()
        providing.close()
        self._tell()
        self.told.seconds = time.monotonic() - began
        return self.told

    def _start(self, slot: int) -> BaseProcess:
        """One worker, until it is killed."""
        options = GatewayOptions(
            feed_socket=self.folder / "feed.sock",
            journal=self.folder / "journal",
            folder=self.folder / "lists",
            sockets=[self._listening],
            slot=slot,
            workers=self._workers,
            seal_every=0.2,
        )
        process = self._context.Process(target=run, args=(options,), daemon=True)
        process.start()
        return process

    # The callers.

    async def _connect(self) -> None:
        """One caller's next connection."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                await loop.create_connection(
                    lambda: Caller(self._ask, self._heard, self._cut), *self._listening.getsockname()
                )
                return
            except OSError:
                await asyncio.sleep(0.01)

    def _ask(self, caller: Caller) -> bytes | None:
        if self._asked >= self._so_far:
            if self._asked >= self._calls:
                caller.close()
            else:
                self._waiting.append(caller)
            return None
        self._asked += 1
        said = [{"role": "user", "content": f"call {self._asked}"}]
        body = orjson.dumps({"model": "gpt-4o-mini", "max_tokens": MOST, "messages": said})
        self._numbers[sha256(body).digest()] = self._asked
        head = b"POST /ai/openai/v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\n" % KEY.encode()
        return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)

    def _heard(self, status: bytes, call: str) -> None:
        if status == b"200":
            self.told.seen += 1
            _meet(call, self._ended, self._seen)
        else:
            self.told.refused += 1
            said = status.decode()
            self.told.statuses[said] = self.told.statuses.get(said, 0) + 1

    def _cut(self, waited: bool) -> None:
        self.told.broken += waited
        if self._asked < self._calls:
            self._connecting = asyncio.get_running_loop().create_task(self._connect())
            return
        self._over += 1
        if self._over == self._at_once:
            self._finished.set()

    def _let(self, so_far: int) -> None:
        """Callers may go on up to that many calls."""
        self._so_far = so_far
        waiting, self._waiting = self._waiting, []
        for caller in waiting:
            caller.go_on()

    def _stop(self) -> None:
        """Somebody does not want to wait for the rest."""
        self._enough = True
        self._calls = self.told.calls = self._asked
        self._let(self._calls)

    # What happens to workers.

    async def _kill_now_and_then(self) -> None:
        """Kill a worker at any moment, read its journal once it is dead, and start another in its place."""
        for number in range(self._kills):
            due = self._calls * (number + 1) // (self._kills + 1)
            self._let(self._calls * (number + 2) // (self._kills + 1))
            await self._until(lambda due=due: self._asked >= due or self._enough)
            if self._enough:
                return
            slot = random.randrange(self._workers)
            process = self._processes[slot]
            assert process.pid
            os.kill(process.pid, signal.SIGKILL)
            await asyncio.to_thread(process.join)
            self.told.kills += 1
            await self._until(lambda: len(self._control.followers) < self._workers)
            self._journals.read(slot)
            for worker in self._journals.lives.keys() - self._control.followers.keys() - self._buried:
                self._control.owner.bury(worker, self._journals.lives[worker].totals())
                self._buried.add(worker)
            self._processes[slot] = self._start(slot)
            await self._until(lambda: len(self._control.followers) == self._workers)
        self._let(self._calls)

    async def _look_now_and_then(self, began: float) -> None:
        """Read what was sealed, note the memory, and say how far it is."""
        tenth = 1
        while True:
            await asyncio.sleep(READ_EVERY)
            if not self._kills:
                for slot in range(self._workers):
                    self._journals.read(slot, living=True)
            if self._asked < self._calls * tenth // 10:
                continue
            tenth = self._asked * 10 // self._calls + 1
            self.told.memory.append(max(_memory(one.pid or 0) for one in self._processes))
            if self._progress:
                seconds = time.monotonic() - began
                print(
                    f"{self._asked:,} of {self._calls:,} calls and {self.told.kills} of {self._kills} kills"
                    f" after {seconds:,.0f} s, the largest worker has {self.told.memory[-1]:.1f} MB",
                    flush=True,
                )

    async def _until(self, condition: Callable[[], Any]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            await asyncio.sleep(0.005)
            if time.monotonic() > end:
                raise TimeoutError("a worker does not come")

    # What everybody says.

    def _record(self, one: dict[str, Any]) -> None:
        """A record of some journal: held against what callers saw and what the provider says."""
        told = self.told
        if one["k"] == "begin":
            number = self._numbers.pop(bytes.fromhex(one["request"].removeprefix("sha256:")))
            self._begun[number] = 1
            self._running[one["call"]] = number
            told.worst = max(told.worst, one["reserved"])
        elif one["k"] == "end":
            number = self._running.pop(one["call"])
            if one["outcome"] == "answered":
                told.settled += 1
                _meet(one["call"], self._seen, self._ended)
                if one["pico"] != self._account[number]:
                    told.wrong.append(f"{one['call']} cost {one['pico']}")

    def _tell(self) -> None:
        told = self.told
        for slot in range(self._workers):
            self._journals.read(slot)
        lives = self._journals.lives.values()
        told.spent = sum(pico for life in lives for which, pico in life.totals().items() if which.budget == "b_1")
        told.open = len(self._running)
        told.lost += [f"{call} was answered and has no end" for call in self._seen]
        told.lost += [
            f"call {number} was forwarded and has no intent"
            for number, pico in enumerate(self._account)
            if pico and not self._begun[number]
        ]


def _meet(call: str, others: set[str], own: set[str]) -> None:
    """A call that both sides told of is settled; one that only this side told of waits for the other."""
    if call in others:
        others.remove(call)
    else:
        own.add(call)


def _memory(pid: int) -> float:
    """Megabytes that a process holds; 0 for one that is no more."""
    try:
        line = next(one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmRSS"))
    except (OSError, StopIteration):
        return 0.0
    return int(line.split()[1]) / 1024


def race(
    folder: Path, *, calls: int, at_once: int, workers: int, kills: int, amount: int, progress: bool = False
) -> Told:
    """Run it."""
    return uvloop.run(Race(folder, calls, at_once, workers, kills, amount, progress=progress).run())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--calls", type=int, default=100_000)
    options.add_argument("--at-once", type=int, default=256)
    options.add_argument("--workers", type=int, default=4)
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    part = 2 / 3 if chosen.kills else 2
    with tempfile.TemporaryDirectory() as folder:
        told = race(
            Path(folder),
            calls=chosen.calls,
            at_once=chosen.at_once,
            workers=chosen.workers,
            kills=chosen.kills,
            amount=int(chosen.calls * part) * (20 * INPUT + MOST // 2 * OUTPUT),
            progress=True,
        )
    left = told.budget - told.spent
    print(
        f"{told.seen:,} calls answered, {told.refused:,} refused, {told.broken:,} cut by {told.kills} kills", end=", "
    )
    print(f"in {told.seconds:,.0f} s")
    print(f"refused by status {told.statuses}, of {told.calls:,} calls")
    print(f"overspend {max(0, -left)}, unused {left} (one call reserves at most {told.worst})")
    print(
        f"calls left open {told.open}, records lost {len(told.lost)}, prices wrong {len(told.wrong)} of {told.settled:,}"
    )
    if chosen.json:
        chosen.json.write_text(json.dumps({"race": vars(told)}, indent=2) + "\n")


if __name__ == "__main__":
    main()
