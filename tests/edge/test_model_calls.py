"""Calls to models for the console's host go to the gateway, piece by piece; what is the console's stays with the console."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator

import pytest
from tests.edge.conftest import World

CONSOLE = "localhost:4180"


async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What stands in for the gateway: it tells what came, in a stream of two events."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
    body = await reader.readexactly(int(fields.get("content-length", 0)))
    told = json.dumps({"line": lines[0], "fields": fields, "body": body.decode()})
    events = f"data: {told}\n\ndata: [DONE]\n\n".encode()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(events), events))
    await writer.drain()
    writer.close()


@pytest.fixture
def gateway(world: World) -> Iterator[None]:
    server = world.call(asyncio.start_unix_server(tell, str(world.options.gateway_socket)))
    yield
    world.loop.call_soon_threadsafe(server.close)
    world.call(server.wait_closed())


def test_a_call_is_relayed_with_its_key_and_without_the_consoles_cookies(world: World, gateway: None) -> None:
    answer = world.ask(
        "POST",
        CONSOLE,
        "/ai/openai/v1/chat/completions?a=1",
        b'{"model":"fast"}',
        Authorization="Bearer glk_x",
        Cookie="__Host-greenlane=secret",
    )
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/event-stream"
    told = json.loads(answer.body.decode().split("\n\n")[0].removeprefix("data: "))
    assert told["line"] == "POST /ai/openai/v1/chat/completions?a=1 HTTP/1.1"
    assert told["body"] == '{"model":"fast"}'
    assert told["fields"]["authorization"] == "Bearer glk_x"
    assert "cookie" not in told["fields"]


def test_an_app_has_no_gateway_under_its_own_name(world: World, gateway: None) -> None:
    assert world.get("open.localhost", "/ai/openai/v1/models").status == 404


def test_a_caller_that_says_no_more_hears_the_stream_to_its_end(world: World, gateway: None) -> None:
    with socket.create_connection(("127.0.0.1", world.port), timeout=20) as line:
        line.sendall(
            f"POST /ai/openai/v1/chat/completions HTTP/1.1\r\nHost: {CONSOLE}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
        )
        line.shutdown(socket.SHUT_WR)
        heard = b""
        while piece := line.recv(65_536):
            heard += piece
    assert heard.startswith(b"HTTP/1.1 200")
    assert heard.endswith(b"0\r\n\r\n")


def test_without_a_gateway_the_caller_hears_so_as_data(world: World) -> None:
    answer = world.ask("POST", CONSOLE, "/ai/anthropic/v1/messages", b"{}")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
    told = json.loads(answer.body)
    assert (told["type"], told["error"]["code"]) == ("error", "gateway-away"), "as Anthropic's library reads it"
    assert world.get(CONSOLE, "/somewhere").status == 200, "the console answers as ever"
