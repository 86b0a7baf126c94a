"""A table reaches those who follow it, and what they say reaches its owner."""

from __future__ import annotations

import asyncio
import queue
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from greenlane.kit.feed.authority import Authority, Follower
from greenlane.kit.feed.following import Feed


class Owner:
    """An authority whose table has one section, and all that it heard."""

    def __init__(self, path: Path) -> None:
        self.said: queue.SimpleQueue[tuple[Follower, Mapping[str, Any]]] = queue.SimpleQueue()
        self.left: queue.SimpleQueue[Follower] = queue.SimpleQueue()
        self.authority = Authority(
            path, {"words": {"a": 1}}, lambda who, what: self.said.put((who, what)), self.left.put
        )
        self.authority.start()


class Mind:
    """What a follower took up."""

    def __init__(self, path: Path) -> None:
        self.words: dict[str, Any] = {}
        self.taken: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.feed = Feed(
            path,
            table=self.table,
            change=self.change,
            beat=lambda: None,
            heard={"answer": self.answers.put_nowait},
            greeting=lambda: [{"type": "hello", "slot": 0}],
        )

    async def table(self, message: dict[str, Any]) -> int:
        self.words = message["table"]["words"]
        self.taken.put_nowait(dict(self.words))
        return int(message["table"]["version"])

    async def change(self, message: dict[str, Any]) -> int:
        self.words.update(message["set"].get("words", {}))
        for name in message["drop"].get("words", []):
            del self.words[name]
        self.taken.put_nowait(dict(self.words))
        return int(message["version"])


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "feed"


def following(path: Path, then: Callable[[Mind], Any]) -> None:
    async def run() -> None:
        mind = Mind(path)
        running = asyncio.create_task(mind.feed.run())
        async with asyncio.timeout(20):
            await then(mind)
        running.cancel()

    asyncio.run(run())


def test_a_change_is_served_by_every_follower_when_the_owner_goes_on(path: Path) -> None:
    owner = Owner(path)

    async def scene(mind: Mind) -> None:
        who, hello = await asyncio.to_thread(owner.said.get)
        assert hello == {"type": "hello", "slot": 0}
        put: dict[str, dict[str, Any]] = {"words": {"b": 2}}
        await asyncio.to_thread(owner.authority.change, put, {"words": lambda _name: True})
        assert mind.words == {"b": 2}
        assert mind.feed.connected
        assert owner.authority.followers() == 1
        mind.feed.tell({"type": "ask", "number": 7})
        assert await asyncio.to_thread(owner.said.get) == (who, {"type": "ask", "number": 7})
        who.tell({"type": "unheard"})
        who.tell({"type": "answer", "number": 7})
        assert (await mind.answers.get())["number"] == 7

    following(path, scene)
    assert owner.left.get(timeout=20).gone
    owner.authority.stop()


def test_whoever_comes_back_greets_again_and_hears_the_whole_table(path: Path) -> None:
    first = Owner(path)

    async def scene(mind: Mind) -> None:
        who, _hello = await asyncio.to_thread(first.said.get)
        first.authority.stop()
        second = Owner(path)
        second.authority.change({"words": {"c": 3}}, {"words": lambda _name: True})
        who.put(b"nonsense\n")
        _again, hello = await asyncio.to_thread(second.said.get)
        assert hello["type"] == "hello"
        while (taken := await mind.taken.get()) != {"c": 3}:
            assert taken == {"a": 1}
        second.authority.stop()

    following(path, scene)
