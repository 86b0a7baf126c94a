"""The crowd of a race: callers who ask again and again, a provider that keeps its own account, and who reads the journals.

They live on one event loop and are as light as they can be, so that the workers are what is raced.
"""

from __future__ import annotations

import asyncio
import random
import re
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import orjson
from tests.gateway.stub import chat

from greenlane.gateway.budgets.messages import Key
from greenlane.gateway.budgets.replay import Replay
from greenlane.kit.clock import parse
from greenlane.ledger.batches import read_batch

INPUT, OUTPUT = 150_000, 600_000
"""Pico-dollars for a token of gpt-4o-mini."""
MOST = 50
_NUMBER = re.compile(rb'"call (\d+)"')
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_CALL = re.compile(rb"\r\ngreenlane-call: *([^\r]+)\r\n", re.IGNORECASE)


def _message(buffer: bytes) -> tuple[bytes, bytes, bytes] | None:
    """The head and the body of a whole message, and what follows it."""
    end = buffer.find(b"\r\n\r\n") + 4
    found = _LENGTH.search(buffer, 0, end) if end >= 4 else None
    if found is None or len(buffer) < end + int(found[1]):
        return None
    over = end + int(found[1])
    return buffer[:end], buffer[end:over], buffer[over:]


class Provider(asyncio.Protocol):
    """Answers one connection, a tenth of the calls late; ``account`` has what each call cost, before it is said."""

    def __init__(self, account: array[int]) -> None:
        self._account = account
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (found := _message(self._buffer)) is not None:
            _, body, self._buffer = found
            number = _NUMBER.search(body)
            assert number is not None
            read, wrote = random.randint(1, 40), random.randint(1, MOST)
            self._account[int(number[1])] = read * INPUT + wrote * OUTPUT
            said = orjson.dumps(chat(read=read, wrote=wrote))
            answer = (
                b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(said) + said
            )
            if random.random() < 0.1:
                asyncio.get_running_loop().call_later(random.random() * 0.02, self._say, answer)
            else:
                self._say(answer)

    def _say(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


class Caller(asyncio.Protocol):
    """One connection of a caller. ``ask`` gives the next request, None when it has to wait; ``heard`` is told the status and
    the call's name, ``cut`` that the connection ended, and whether somebody waited for an answer.
    """

    def __init__(
        self,
        ask: Callable[[Caller], bytes | None],
        heard: Callable[[bytes, str], None],
        cut: Callable[[bool], None],
    ) -> None:
        self._ask = ask
        self._heard = heard
        self._cut = cut
        self._buffer = b""
        self._waits = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.go_on()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        found = _message(self._buffer)
        if found is not None:
            head, _, self._buffer = found
            self._waits = False
            named = _CALL.search(head)
            self._heard(head[9:12], named[1].decode() if named else "")
            self.go_on()

    def connection_lost(self, error: Exception | None) -> None:
        self._cut(self._waits)

    def go_on(self) -> None:
        """Ask the next one, if it is time."""
        if self._transport.is_closing():
            return
        request = self._ask(self)
        if request is not None:
            self._waits = True
            self._transport.write(request)

    def close(self) -> None:
        self._transport.close()


class Journals:
    """Reads what workers wrote, each record once, and lets go of files that are whole.

    ``record`` is told each record; ``lives`` has what each life of a worker spent.
    """

    def __init__(self, folder: Path, record: Callable[[dict[str, Any]], None]) -> None:
        self._folder = folder
        self._record = record
        self._read: dict[Path, int] = {}
        self._chains: dict[Path, bytes] = {}
        self._of_call: dict[str, str] = {}
        self.lives: dict[str, Replay] = {}

    def read(self, slot: int, *, living: bool = False) -> None:
        """Everything new in one worker's folder, in order; of a ``living`` one what it sealed, which nobody renames any more."""
        folder = self._folder / str(slot)
        suffixes = {".sealed"} if living else {".sealed", ".open"}
        for file in sorted(folder.iterdir(), key=lambda one: one.stem):
            if file.suffix not in suffixes:
                continue
            batch = read_batch(file.read_bytes())
            place = file.with_suffix("")
            before = self._read.pop(place, 0)
            for one in batch.records[before:]:
                self._take(orjson.loads(one))
            if file.suffix == ".open":
                self._read[place] = len(batch.records)
            else:
                assert batch.before == self._chains.get(folder, batch.before), "the chain goes on from file to file"
                self._chains[folder] = batch.after
                file.unlink()

    def _take(self, one: dict[str, Any]) -> None:
        if one["k"] == "life":
            self.lives[one["worker"]] = Replay()
        elif one["k"] == "begin":
            self._of_call[one["call"]] = one["worker"]
            keys = [Key(budget, parse(since)) for budget, since in one["budgets"]]
            self.lives[one["worker"]].reserved(one["call"], keys, one["reserved"])
        elif one["k"] == "end":
            self.lives[self._of_call.pop(one["call"])].settled(one["call"], one["pico"])
        self._record(one)
