"""No byte of an answer leaves before its call's intent would survive a power cut, and none where the disk refuses."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator

import orjson
import pytest
from tests.gateway.stub import Asked, Line, chat, chunks
from tests.gateway.world import KEY, World

WHOLE = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]}


class Disk:
    """A disk that waits for a test. ``asked`` once somebody waits for it; ``refuses`` is what it then says."""

    def __init__(self) -> None:
        self.asked, self.go_on = threading.Event(), threading.Event()
        self.refuses: OSError | None = None

    def sync(self, _file: int) -> None:
        self.asked.set()
        assert self.go_on.wait(20)
        if self.refuses is not None:
            raise self.refuses


@pytest.fixture
def disk(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """The gateway's disk, from the next record on."""
    disk = Disk()
    monkeypatch.setattr(os, "fdatasync", disk.sync)
    yield disk
    disk.go_on.set()


async def answering(asked: Asked, line: Line) -> None:
    if not asked.json.get("stream"):
        await line.answer(chat())
        return
    await line.head()
    for one in chunks(["Hel", "lo"]):
        await line.event(one)
    await line.event(b"[DONE]")
    await line.end()


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_waits_for_the_disk_and_the_provider_does_not(world: World, disk: Disk, stream: bool) -> None:
    stub = world.serve("openai", answering)
    with asking(world, stream=stream) as line:
        assert disk.asked.wait(20)
        world.until(lambda: len(stub.asked) == 1)
        assert world.records("begin"), "it is written, so that a killed process leaves it behind"
        line.settimeout(0.3)
        with pytest.raises(TimeoutError):
            line.recv(1)
        assert not world.records("end")
        line.settimeout(20)
        disk.go_on.set()
        assert line.recv(12) == b"HTTP/1.1 200"
    assert world.ends(1)[0]["status"] == 200


@pytest.mark.parametrize("stream", [False, True])
def test_a_disk_that_refuses_lets_nothing_of_an_answer_out(world: World, disk: Disk, stream: bool) -> None:
    stub = world.serve("openai", answering)
    disk.refuses = OSError(5, "Input/output error")
    disk.go_on.set()
    with asking(world, stream=stream) as line:
        line.settimeout(20)
        heard = b""
        while piece := line.recv(65_536):
            heard += piece
    assert heard.startswith(b"HTTP/1.1 500")
    assert b"Hel" not in heard
    assert len(stub.asked) == 1, "there was an answer to hold back"


def asking(world: World, *, stream: bool) -> socket.socket:
    """A line on which the question was sent."""
    line = socket.create_connection(("127.0.0.1", world.port))
    body = orjson.dumps({**WHOLE, "stream": stream})
    head = f"POST /ai/openai/v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
    line.sendall(f"{head}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    return line
