"""What comes in is bounded: heads, bodies, and callers who say one thing and do another."""

from __future__ import annotations

import socket

import orjson
import pytest
from tests.gateway.stub import Asked, Line, chat
from tests.gateway.world import KEY, World

HEAD = f"POST /ai/openai/v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n".encode()
BODY = orjson.dumps({"model": "gpt-4o-mini", "max_tokens": 10, "messages": []})


def raw(world: World, data: bytes, *, then_close: bool = False) -> bytes:
    """What comes back for these bytes, up to the end of the connection or a moment of silence."""
    with socket.create_connection(("127.0.0.1", world.port), timeout=2) as line:
        found = b""
        try:
            line.sendall(data)
            if then_close:
                line.shutdown(socket.SHUT_WR)
            while piece := line.recv(65_536):
                found += piece
        except (TimeoutError, ConnectionError):
            pass
        return found


def test_ten_megabytes_of_head_are_not_read(world: World) -> None:
    stub = world.serve("openai")
    answer = raw(world, HEAD + b"X-Long: " + b"x" * 10_000_000 + b"\r\n\r\n")
    assert answer == b"" or b" 431 " in answer.split(b"\r\n", 1)[0]
    assert world.ask().status == 200
    assert len(stub.asked) == 1


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Authorization: Bearer glk_another\r\nContent-Length: 0\r\n",
    ],
)
def test_what_is_said_in_two_ways_is_refused(world: World, fields: bytes) -> None:
    stub = world.serve("openai")
    answer = raw(world, HEAD + fields + b"\r\n" + BODY)
    assert answer.split(b" ", 2)[1] in (b"400", b"501")
    assert stub.asked == []
    assert [one["k"] for one in world.records()] == ["life"]


def test_a_body_that_never_comes_whole_is_never_forwarded(world: World) -> None:
    stub = world.serve("openai")
    raw(world, HEAD + b"Content-Length: 1000\r\n\r\n" + BODY, then_close=True)
    raw(world, HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", then_close=True)
    assert world.ask().status == 200
    assert len(stub.asked) == 1
    assert len(world.records("begin")) == 1


def test_a_body_that_is_too_large_is_not_taken_in(world: World) -> None:
    stub = world.serve("openai")
    answer = raw(world, HEAD + b"Content-Length: 900000000\r\n\r\n" + BODY)
    assert b" 413 " in answer.split(b"\r\n", 1)[0]
    assert stub.asked == []


def test_a_large_prompt_passes_byte_by_byte(world: World) -> None:
    stub = world.serve("openai")
    said = [{"role": "user", "content": 'word "quoted" ' * 200_000}]
    body = orjson.dumps({"model": "gpt-4o-mini", "max_tokens": 10, "messages": said})
    assert world.ask(body=body).status == 200
    assert stub.asked[0].body == body


def test_one_connection_serves_many_calls_that_come_at_once(world: World) -> None:
    async def numbered(asked: Asked, line: Line) -> None:
        await line.answer(chat(asked.json["messages"][0]["content"]))

    world.serve("openai", numbered)
    bodies = [
        orjson.dumps({"model": "gpt-4o-mini", "max_tokens": 10, "messages": [{"role": "user", "content": f"n{n}"}]})
        for n in range(20)
    ]
    together = b"".join(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body for body in bodies)
    answers = raw(world, together)
    places = [answers.index(f'"n{n}"'.encode()) for n in range(20)]
    assert places == sorted(places)
    assert len(world.records("end")) == 20


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/ai/gemini/v1beta/models/..%2f..%2fadmin:generateContent", ""),
        ("/ai/gemini/v1beta/models/gemini%2f..%2f..%2fadmin:generateContent", ""),
        ("/ai/openai/v1/chat/completions", "gemini/../../admin"),
        ("/ai/anthropic/v1/messages", "gemini/./x"),
        ("/ai/openai/v1/chat/completions", ".."),
    ],
)
def test_a_model_s_name_leads_to_no_other_address_of_a_provider(world: World, path: str, model: str) -> None:
    stub = world.serve("gemini", kind="gemini")
    world.change({"usual": dict.fromkeys(("openai", "anthropic", "gemini"), "gemini")})
    body = (
        {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
        if model
        else {"contents": []}
    )
    refused = world.ask(path, body)
    assert refused.status == 400
    assert "No model is called like that." in refused.says
    assert stub.asked == []
