"""What an app does instead of answering becomes a sentence, and takes nobody else along."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time

import pytest
from tests.edge.conftest import HTML, World
from tests.edge.running.apps import App, echo, ok

from greenlane.edge.endpoints import Key


@pytest.mark.parametrize(
    "said",
    [
        b"garbage\r\n\r\n",
        b"\x00\x01\x02\x03" * 100,
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 999 Far\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Split: a\rSet-Cookie: greenlane-visit=x\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Nul: a\x00b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad Name: x\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: x\r\n" * 500 + b"Content-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 40 + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_answer_becomes_a_sentence(world: World, calc: App, said: bytes) -> None:
    calc.says(said)
    problem = world.get("calc.localhost").problem
    assert (problem["status"], problem["code"]) == (502, "app-broken")
    assert problem["next_step"]
    calc.script = echo
    assert world.get("calc.localhost").status == 200


def test_a_head_that_never_ends_is_cut_off(world: World, calc: App) -> None:
    async def script(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100_000):
            writer.write(b"X-Filler: " + b"x" * 1000 + b"\r\n")
            await writer.drain()

    calc.script = script
    assert world.get("calc.localhost").problem["code"] == "app-broken"


def test_an_app_that_never_answers_is_a_504(world: World, calc: App) -> None:
    calc.says(b"")
    assert world.get("calc.localhost").problem["code"] == "app-silent"
    page = world.get("calc.localhost", Accept=HTML)
    assert page.status == 504
    assert "The app took too long" in page.text


def test_an_app_that_hangs_up_is_a_502(world: World, calc: App) -> None:
    calc.says(b"", stay=False)
    assert world.ask("POST", "calc.localhost", "/", b"x").problem["code"] == "app-away"
    assert calc.requests == 1, "what may have been done is not done again"


def test_interim_answers_are_swallowed(world: World, calc: App) -> None:
    calc.says(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + ok("X-Real: 1"))
    answer = world.get("calc.localhost")
    assert (answer.status, answer.body, answer.headers["X-Real"], answer.headers["Link"]) == (200, b"hi", "1", None)


def test_an_answer_shorter_than_it_said_does_not_look_complete(world: World, calc: App) -> None:
    calc.says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", stay=False)
    answer = world.raw(b"POST / HTTP/1.1\r\nHost: calc.localhost\r\nContent-Length: 0\r\n\r\n")
    assert b"Content-Length: 100\r\n" in answer
    assert answer.endswith(b"short")
    assert calc.requests == 1, "what may have been done is not done again"


@pytest.mark.parametrize("begun", [b"Content-Length: 2\r\n\r\nh", b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"])
def test_who_only_asks_hears_nothing_of_an_app_that_falls_while_it_answers(
    world: World, calc: App, begun: bytes
) -> None:
    async def script(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n" + begun if calc.requests == 1 else ok())
        await writer.drain()
        if calc.requests == 1:
            writer.close()

    calc.script = script
    assert world.get("calc.localhost").body == b"hi"
    assert calc.requests == 2


def test_who_asks_an_app_that_always_falls_is_told_so(world: World, calc: App) -> None:
    calc.says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", stay=False)
    assert world.get("calc.localhost").problem["code"] == "app-away"


@pytest.mark.parametrize(
    "begun", ["Content-Type: text/event-stream", "Content-Type: text/plain", "Content-Length: 1000000"]
)
def test_an_answer_that_takes_its_time_is_passed_on_as_it_comes(world: World, calc: App, begun: str) -> None:
    arrived = threading.Event()

    async def script(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\n{begun}\r\n\r\nfirst".encode())
        await asyncio.to_thread(arrived.wait, 10)
        writer.close()

    calc.script = script
    with socket.create_connection(("127.0.0.1", world.port), timeout=10) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: calc.localhost\r\n\r\n")
        received = b""
        while b"first" not in received:
            received += peer.recv(4096)
        arrived.set()


def test_an_answer_that_never_ends_is_cut_when_nothing_comes(world: World, calc: App) -> None:
    calc.says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    answer = world.raw(b"GET / HTTP/1.1\r\nHost: calc.localhost\r\n\r\n")
    assert answer.endswith(b"5\r\nhello\r\n"), "no end of the chunks: it does not look complete"


def test_a_second_answer_behind_the_first_reaches_nobody(world: World, calc: App) -> None:
    calc.says(ok("X-First: 1") + ok("X-Second: 1", body=b"poison"))
    for _ in range(3):
        answer = world.get("calc.localhost")
        assert (answer.body, answer.headers["X-Second"]) == (b"hi", None)


def test_what_an_app_says_unasked_is_nobodys_answer(world: World, calc: App) -> None:
    async def script(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ok())
        await writer.drain()
        await asyncio.sleep(0.05)  # its answer has been passed on by then
        writer.write(ok("X-Late: 1", body=b"poison"))

    calc.script = script
    assert world.get("calc.localhost").body == b"hi"
    upstream = world.edge._running._endpoints.known(Key("calc", "production", "d1aaaaaaa"))
    world.call(world.control.until(lambda: not any(link.usable for link in upstream._links)))
    calc.script = echo
    assert "line" in json.loads(world.get("calc.localhost").body)


def test_a_socket_that_leads_elsewhere_is_not_followed(world: World, calc: App, desk: App) -> None:
    calc.stop()
    calc.path.symlink_to(desk.path)
    answer = world.get("calc.localhost")
    assert answer.status in (502, 503)
    assert desk.requests == 0
    calc.path.unlink()
    calc.start()


def test_a_body_beyond_the_limit_is_refused_in_words(world: World, calc: App) -> None:
    assert world.ask("POST", "calc.localhost", "/", b"x" * 100_001).problem["code"] == "too-large"
    assert calc.requests == 0
    connection = world.connect()
    connection.request("POST", "/", iter([b"x" * 60_000] * 2), {"Host": "calc.localhost"}, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (413, "too-large")
    connection.close()


def test_an_answer_of_any_size_passes_to_a_slow_reader_without_being_kept(world: World, calc: App) -> None:
    written = 0

    async def script(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(2000):
            writer.write(b"y" * 10_000)
            await writer.drain()
            written += 10_000
        writer.close()

    calc.script = script
    with socket.create_connection(("127.0.0.1", world.port), timeout=20) as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        peer.sendall(b"GET / HTTP/1.0\r\nHost: calc.localhost\r\n\r\n")
        received = len(peer.recv(65_536))
        time.sleep(0.3)  # long enough to fill every buffer on the way, were they without bounds
        assert written < 12_000_000, "what the visitor does not take, the app has to wait with"
        while data := peer.recv(1 << 20):
            received += len(data)
    assert received > 20_000_000


def test_a_noisy_app_fills_its_own_turns_alone(world: World, calc: App, desk: App) -> None:
    calc.says(b"")
    cookie = world.sign_in("desk.localhost")
    codes: list[str] = []
    crowd = [
        threading.Thread(target=lambda: codes.append(world.get("calc.localhost").problem["code"])) for _ in range(12)
    ]
    for one in crowd:
        one.start()
    begun = time.monotonic()
    assert world.get("desk.localhost", Cookie=cookie).status == 200
    assert time.monotonic() - begun < 1.5
    for one in crowd:
        one.join()
    assert set(codes) == {"app-silent", "crowded"}
    assert codes.count("crowded") >= 6
    calc.script = echo
    assert world.get("calc.localhost").status == 200, "every turn was given back"
