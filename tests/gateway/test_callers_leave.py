"""A caller that leaves is charged for what was used: its provider is heard out."""

from __future__ import annotations

import asyncio
import socket

import orjson
import pytest
from tests.gateway.stub import Asked, Line, chat, chunks
from tests.gateway.world import DEPLOYED, KEY, PLACE, World, budget

from greenlane.gateway.upstream.pool import Patience

DOLLAR = 10**12
STREAMED = {"model": "gpt-4o-mini", "stream": True, "max_tokens": 100, "messages": []}


class Paused:
    """A provider that goes on when it is told to."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    async def stream(self, asked: Asked, line: Line) -> None:
        await line.head()
        one, *others = chunks(["Hel", "lo"])
        await line.event(one)
        await self.go_on.wait()
        for each in others:
            await line.event(each)
        await line.event(b"[DONE]")
        await line.end()

    async def whole(self, asked: Asked, line: Line) -> None:
        await self.go_on.wait()
        await line.answer(chat())


def test_a_stream_whose_caller_left_is_heard_out(world: World) -> None:
    paused = Paused()
    world.serve("openai", paused.stream)
    world.change({"budgets": {"b_1": budget(DOLLAR)}})
    streaming = world.begin(STREAMED)
    assert b"Hel" in streaming.read1()
    world.leave(streaming)
    world.until(lambda: len(world.gateway._house.draining) == 1)
    world.call(paused.go_on.set)
    (end,) = world.ends(1)
    assert (end["outcome"], end["usage"]) == ("left", {"input": 10, "output": 2})
    assert end["pico"] == 10 * 150_000 + 2 * 600_000
    world.until(lambda: world.control.spent("b_1") == end["pico"])


@pytest.mark.parametrize("sandbox", [False, True], ids=["outside", "in a sandbox"])
@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_a_caller_that_says_no_more_hears_its_answer_to_the_end(world: World, stream: bool, sandbox: bool) -> None:
    paused = Paused()
    stub = world.serve("openai", paused.stream if stream else paused.whole)
    body = orjson.dumps({**STREAMED, "stream": stream})
    key, place = (DEPLOYED, b"greenlane-sandbox: " + orjson.dumps(PLACE) + b"\r\n") if sandbox else (KEY, b"")
    where = str(world.folder / "models.sock") if sandbox else ("127.0.0.1", world.port)
    with socket.socket(socket.AF_UNIX if sandbox else socket.AF_INET) as line:
        line.settimeout(20)
        line.connect(where)
        line.sendall(
            b"POST /ai/openai/v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Authorization: Bearer %b\r\n%bContent-Length: %d\r\n\r\n%b" % (key.encode(), place, len(body), body)
        )
        line.shutdown(socket.SHUT_WR)
        world.until(lambda: len(stub.asked) == 1)
        world.call(paused.go_on.set)
        heard = b""
        while piece := line.recv(65_536):
            heard += piece
    assert heard.startswith(b"HTTP/1.1 200")
    assert heard.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n") if stream else orjson.loads(heard.partition(b"\r\n\r\n")[2])
    (end,) = world.ends(1)
    assert end["outcome"] == "answered"


def test_an_answer_whose_caller_left_before_it_began_is_heard_out(world: World) -> None:
    paused = Paused()
    stub = world.serve("openai", paused.whole)
    asking = world.send({**STREAMED, "stream": False})
    world.until(lambda: len(stub.asked) == 1)
    world.leave(asking)
    world.until(lambda: len(world.gateway._house.draining) == 1)
    world.call(paused.go_on.set)
    (end,) = world.ends(1)
    assert (end["outcome"], end["usage"]) == ("left", {"input": 10, "output": 5})


def test_nobody_is_heard_out_for_ever(tmp_path, lists) -> None:
    with World(tmp_path, lists, drain=0.3).living() as world:
        paused = Paused()
        world.serve("openai", paused.stream)
        world.change({"budgets": {"b_1": budget(DOLLAR)}})
        streaming = world.begin(STREAMED)
        assert b"Hel" in streaming.read1()
        world.leave(streaming)
        (end,) = world.ends(1)
        (begin,) = world.records("begin")
        assert (end["outcome"], end["estimated"], end["pico"]) == ("left", True, begin["reserved"])


def test_a_caller_that_left_while_nothing_was_sent_pays_nothing(tmp_path, lists) -> None:
    asked = asyncio.Event()

    async def never(host: str, port: int) -> list[str]:
        asked.set()
        await asyncio.sleep(60)
        return []

    with World(tmp_path, lists, look_up=never, patience=Patience(connect=30)).living() as world:
        world.serve("openai", base_url="http://models.example")
        asking = world.send(STREAMED)
        world.until(asked.is_set)
        world.leave(asking)
        (end,) = world.ends(1)
        assert (end["outcome"], end["pico"]) == ("left", 0)


def test_a_slow_reader_makes_the_provider_wait(world: World) -> None:
    sent: list[int] = []

    async def much(asked: Asked, line: Line) -> None:
        await line.head()
        piece = b"data: " + b"x" * 65_536 + b"\n\n"
        for _ in range(1_000):
            await line.chunk(piece)
            sent.append(len(piece))
        await line.end()

    world.serve("openai", much)
    streaming = world.begin(STREAMED)
    streaming.read1(10)
    world.do(asyncio.sleep(0.5))
    assert sum(sent) < 20_000_000, "what nobody reads is not taken in"
    world.leave(streaming)
    world.ends(1)


def test_a_worker_that_stops_settles_what_it_was_hearing_out(tmp_path, lists) -> None:
    paused = Paused()
    with World(tmp_path, lists).living() as world:
        world.serve("openai", paused.stream)
        streaming = world.begin(STREAMED)
        assert b"Hel" in streaming.read1()
        world.leave(streaming)
        world.until(lambda: len(world.gateway._house.draining) == 1)
    (end,) = world.records("end")
    assert (end["outcome"], end["estimated"]) == ("left", True)
