"""The way from a sandbox to the model gateway: told whose it is by the platform alone, and kept open between calls."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from socket import SHUT_WR, socket

import pytest
from tests.runtime.egress.conftest import BOARD, Outside, ask, dial

from greenlane.gateway.serving.before import before_the_gateway
from greenlane.kit.wire.limits import Limits
from greenlane.kit.wire.request import Request, parse
from greenlane.runtime.building.way_out import ThroughEgress
from greenlane.runtime.egress.policy import Sandbox

CALLING = replace(BOARD, models=True)
POST = b"POST /ai/openai/v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:3128\r\n"


class Gateway:
    """Stands where the model gateway listens: remembers every request and answers each with its number."""

    def __init__(self, outside: Outside, path: Path) -> None:
        self.asked: list[tuple[Request, bytes]] = []
        self.lines = 0
        self._outside = outside
        self._server = outside.call(asyncio.start_unix_server(self._serve, str(path)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines += 1
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                request = parse(await reader.readuntil(b"\r\n\r\n"), Limits())
                if b"expect" in request.fields:
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = await self._body(request, reader)
                self.asked.append((request, body))
                said = b"answer %d" % len(self.asked)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))
                await writer.drain()
                if not request.keep_alive:
                    break
        writer.close()

    async def _body(self, request: Request, reader: asyncio.StreamReader) -> bytes:
        if request.length is not None:
            return await reader.readexactly(request.length)
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
        return body

    def whose(self, at: int = -1) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.asked[at][0].fields[b"greenlane-sandbox"])
        return found

    def close(self) -> None:
        self._outside.loop.call_soon_threadsafe(self._server.close)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[tuple[Outside, Gateway]]:
    place = Path(f"/tmp/gl-models-{time.monotonic_ns()}.sock")
    outside = Outside(tmp_path, models=place)
    made = Gateway(outside, place)
    yield outside, made
    made.close()
    outside.close()
    place.unlink(missing_ok=True)


def hear(line: socket, until: bytes) -> bytes:
    received = b""
    while not received.endswith(until):
        received += (piece := line.recv(65_536))
        assert piece, received
    return received


def test_what_is_asked_of_the_proxy_itself_goes_to_the_models_with_whose_it_is(
    gateway: tuple[Outside, Gateway],
) -> None:
    outside, models = gateway
    answer = ask(
        outside.open(CALLING),
        POST + b"Authorization: Bearer gla_x\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody",
    )
    assert answer.endswith(b"answer 1")
    request, body = models.asked[0]
    assert (request.target, body) == (b"/ai/openai/v1/chat/completions", b"body")
    assert request.fields[b"authorization"] == b"Bearer gla_x"
    assert models.whose() == {"app": "board", "environment": "production", "deploy": "d1aaaaaaa", "use": "run"}


@pytest.mark.parametrize("name", ["Greenlane-Sandbox", "greenlane-sandbox", "GREENLANE-SANDBOX", "Greenlane_Sandbox"])
def test_a_program_cannot_say_whose_it_is(gateway: tuple[Outside, Gateway], name: str) -> None:
    outside, models = gateway
    lie = b'%b: {"app": "payroll"}\r\n' % name.encode()
    ask(outside.open(CALLING), POST + lie + b"Connection: close, greenlane-sandbox\r\n\r\n")
    assert models.whose()["app"] == "board"
    assert b"payroll" not in b"".join(value for _, value in models.asked[0][0].headers)


def test_one_connection_carries_call_after_call(gateway: tuple[Outside, Gateway]) -> None:
    outside, models = gateway
    with dial(outside.open(CALLING)) as line:
        line.sendall(POST + b"Content-Length: 3\r\n\r\none")
        hear(line, b"answer 1")
        line.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nt\r\n2\r\nwo\r\n0\r\n\r\n")
        hear(line, b"answer 2")
        line.sendall(POST + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        hear(line, b"100 Continue\r\n\r\n")
        line.sendall(b"33")
        hear(line, b"answer 3")
    assert [body for _, body in models.asked] == [b"one", b"two", b"33"]
    assert models.lines == 1
    assert all(models.whose(at)["deploy"] == "d1aaaaaaa" for at in range(3))


def test_what_stands_behind_a_body_in_chunks_is_nobodys_request(gateway: tuple[Outside, Gateway]) -> None:
    outside, models = gateway
    ask(outside.open(CALLING), (POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n") * 2)
    assert len(models.asked) < 2


def test_a_long_body_passes_and_calls_at_once_stay_apart(gateway: tuple[Outside, Gateway]) -> None:
    outside, models = gateway
    board, desk = outside.open(CALLING), outside.process.open(Sandbox("desk", "desk", "staging", "d2", models=True))
    long = b"x" * 3_000_000
    assert ask(board, POST + b"Connection: close\r\nContent-Length: 3000000\r\n\r\n" + long).endswith(b"answer 1")
    ask(desk, POST + b"Connection: close\r\n\r\n")
    assert models.asked[0][1] == long
    assert [models.whose(at)["app"] for at in range(2)] == ["board", "desk"]


@pytest.mark.parametrize(
    "head",
    [
        b"GET /internal HTTP/1.1\r\nHost: 127.0.0.1:3128\r\n",
        b"GET /aiming HTTP/1.1\r\nHost: localhost:3128\r\n",
        b"GET /ai/x HTTP/1.1\r\nHost: payroll.example\r\n",
        b"GET /ai/x HTTP/1.1\r\n",
        b"GET /ai/x HTTP/1.1\r\nHost: 127.0.0.1:3128\r\nHost: 127.0.0.1:3128\r\n",
        b"GET http://127.0.0.1:3128/ai/x HTTP/1.1\r\n",
    ],
)
def test_there_is_nothing_but_models_at_the_platforms_address(gateway: tuple[Outside, Gateway], head: bytes) -> None:
    outside, models = gateway
    assert ask(outside.open(CALLING), head + b"\r\n")[9:12] in (b"404", b"400", b"403")
    assert not models.asked


def test_a_connection_to_the_models_leads_nowhere_else(gateway: tuple[Outside, Gateway]) -> None:
    outside, models = gateway
    place = outside.knows("api.example.com")
    with dial(outside.open(CALLING, place)) as line:
        line.sendall(POST + b"\r\n")
        hear(line, b"answer 1")
        line.sendall(f"CONNECT {place} HTTP/1.1\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 404 ")
    assert len(models.asked) == 1
    assert not outside.net.heard


def test_a_build_calls_models_only_where_its_app_says_so(gateway: tuple[Outside, Gateway]) -> None:
    outside, models = gateway
    ways = ThroughEgress(outside.process)
    with ways.opened("b_1", "board", frozenset()) as way:
        answer = ask(way.socket, POST + b"Content-Length: 300000\r\n\r\n" + b"x" * 300_000)
    assert answer.startswith(b"HTTP/1.1 403 This build of board may not call models.")
    assert b"[build] models = true" in answer
    with ways.opened("b_2", "board", frozenset(), models=True) as way:
        ask(way.socket, POST + b"Connection: close\r\n\r\n")
    assert models.whose() == {"app": "board", "environment": "preview", "deploy": "b_2", "use": "build"}


def test_while_the_gateway_is_away_a_program_hears_so(outside: Outside) -> None:
    answer = ask(outside.open(CALLING), POST + b"Content-Length: 4\r\n\r\nbody")
    assert answer.startswith(b"HTTP/1.1 503 The model gateway does not answer just now.")


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/ai/openai/v1/chat/completions", {"message", "type", "param", "code"}),
        ("/ai/anthropic/v1/messages", {"type", "message", "code"}),
        ("/ai/gemini/v1beta/models/m:generateContent", {"code", "message", "status", "details"}),
    ],
)
def test_a_refusal_is_said_as_the_callers_library_reads_it(tmp_path: Path, path: str, shape: set[str]) -> None:
    outside = Outside(tmp_path, models_say=before_the_gateway)
    try:
        asked = f"POST {path}?key=x HTTP/1.1\r\nHost: 127.0.0.1:3128\r\nContent-Length: 4\r\n\r\nbody".encode()
        head, _, body = ask(outside.open(CALLING), asked).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: 2\r\n" in head
        error = json.loads(body)["error"]
        assert set(error) == shape
        assert error["message"] == "The model gateway does not answer just now. Try again in a moment."
        wrong = asked.replace(b"/ai/openai", b"").replace(b"/ai/anthropic", b"").replace(b"/ai/gemini", b"")
        head, _, body = ask(outside.open(CALLING), wrong).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 404 ")
        assert b"\r\nx-should-retry: false\r\n" in head
        assert set(json.loads(body)["error"]) == shape, "the wire is told by the end of a path that is wrong"
        spans = asked.replace(path.encode(), b"/ai/otlp/v1/traces")
        assert b"Content-Type: application/x-protobuf" in ask(outside.open(CALLING), spans)
    finally:
        outside.close()


def test_a_caller_that_says_no_more_hears_its_answer_and_the_end(gateway: tuple[Outside, Gateway]) -> None:
    outside, _ = gateway
    with dial(outside.open(CALLING)) as line:
        line.sendall(POST + b"Content-Length: 4\r\n\r\nbody")
        line.shutdown(SHUT_WR)
        heard = b""
        while piece := line.recv(65_536):
            heard += piece
    assert heard.endswith(b"answer 1")


def test_calls_to_models_are_no_traffic_to_other_hosts(gateway: tuple[Outside, Gateway]) -> None:
    outside, _ = gateway
    ask(outside.open(CALLING), POST + b"Connection: close\r\n\r\n")
    assert outside.process.used(CALLING.name) == []


def test_a_sandbox_that_is_over_calls_no_more(gateway: tuple[Outside, Gateway]) -> None:
    outside, models = gateway
    with dial(outside.open(CALLING)) as line:
        line.sendall(POST + b"\r\n")
        hear(line, b"answer 1")
        outside.process.close(CALLING.name)
        assert line.recv(100) == b""
    assert len(models.asked) == 1
