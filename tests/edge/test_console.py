"""The console's host: everything passes to control and back, and nothing of it is lost when control is away."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.edge import control_for_tests
from tests.edge.conftest import HTML, World, furnish

from greenlane.edge.forwarded import strip_credentials
from greenlane.kit.wire.limits import Limits

CONSOLE = "localhost:4180"


def headers_of(answer_body: bytes) -> dict[str, str]:
    return dict(json.loads(answer_body)["headers"])


def test_requests_pass_as_they_are(world: World) -> None:
    answer = world.ask(
        "PUT", CONSOLE, "/api/x%20y?q=1&r", b"hello", Authorization="Bearer t", Cookie="a=1", X_Own="yes"
    )
    told = json.loads(answer.body)
    assert (told["method"], told["path"], told["query"], told["size"]) == ("PUT", "/api/x y", "q=1&r", 5)
    headers = headers_of(answer.body)
    assert headers["authorization"] == "Bearer t"
    assert headers["cookie"] == "a=1"
    assert headers["x-own"] == "yes"
    assert headers["host"] == CONSOLE
    assert answer.headers["Content-Type"] == "application/json"


def test_nobody_can_say_where_they_come_from(world: World) -> None:
    forged = {"X_Forwarded_For": "10.0.0.1", "X_Forwarded_Proto": "https", "X_Forwarded_Host": "evil.test"}
    told = headers_of(world.get(CONSOLE, "/", Forwarded="for=10.0.0.1", X_Real_IP="10.0.0.1", **forged).body)
    assert told["x-forwarded-for"] == "127.0.0.1"
    assert told["x-forwarded-proto"] == "http"
    assert told["x-forwarded-host"] == CONSOLE
    assert not {"forwarded", "x-real-ip"} & set(told)


class TestBehindATrustedProxy:
    @pytest.fixture
    def world(self, tmp_path: Path) -> Iterator[World]:
        made = World(tmp_path, trusted_proxies=("127.0.0.0/8", "10.1.0.0/16"))
        furnish(made)
        made.start()
        yield made
        made.stop()

    @pytest.mark.parametrize(
        ("chain", "client"),
        [
            ("203.0.113.9", "203.0.113.9"),
            ("6.6.6.6, 203.0.113.9", "203.0.113.9"),
            ("6.6.6.6, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
            ("2001:db8::1", "2001:db8::1"),
            ("nonsense", "127.0.0.1"),
            ("203.0.113.9, nonsense, 10.1.2.3", "10.1.2.3"),
            ("", "127.0.0.1"),
        ],
    )
    def test_the_client_is_the_last_address_that_is_not_trusted(self, world: World, chain: str, client: str) -> None:
        told = headers_of(world.get(CONSOLE, "/", X_Forwarded_For=chain, X_Forwarded_Proto="https").body)
        assert told["x-forwarded-for"] == client
        assert told["x-forwarded-proto"] == "https"

    def test_a_scheme_that_is_none_is_not_passed_on(self, world: World) -> None:
        assert headers_of(world.get(CONSOLE, "/", X_Forwarded_Proto="gopher").body)["x-forwarded-proto"] == "http"


@pytest.mark.parametrize("chunked", [True, False])
def test_a_large_upload_passes_piece_by_piece(world: World, chunked: bool) -> None:
    pieces = [os.urandom(65_536) for _ in range(320)]
    whole = hashlib.sha256(b"".join(pieces)).hexdigest()
    connection = world.connect()
    fields = {"Host": CONSOLE} if chunked else {"Host": CONSOLE, "Content-Length": str(320 * 65_536)}
    connection.request("POST", "/upload", iter(pieces), fields, encode_chunked=chunked)
    told = json.loads(connection.getresponse().read())
    assert (told["size"], told["sha256"]) == (320 * 65_536, whole)
    connection.close()


def test_a_large_download_passes_to_a_slow_reader(world: World) -> None:
    with socket.create_connection(("127.0.0.1", world.port), timeout=20) as peer:
        peer.sendall(f"GET /download HTTP/1.0\r\nHost: {CONSOLE}\r\n\r\n".encode())
        size = 0
        while data := peer.recv(65_536):
            size += data.count(b"y")
    assert size == 64 * 262_144


def test_a_download_of_unknown_size_is_sent_in_chunks(world: World) -> None:
    answer = world.get(CONSOLE, "/download")
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert len(answer.body) == 64 * 262_144


def test_an_answer_before_the_end_of_an_upload_arrives(world: World) -> None:
    answer = world.raw(
        f"POST /refuse-early HTTP/1.1\r\nHost: {CONSOLE}\r\nContent-Length: 1000000\r\n\r\n".encode() + b"x" * 70_000
    )
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"no\n" in answer


def test_an_answer_that_breaks_off_does_not_look_complete(world: World) -> None:
    answer = world.raw(f"POST /half HTTP/1.1\r\nHost: {CONSOLE}\r\nContent-Length: 0\r\n\r\n".encode())
    assert b"Content-Length: 1000\r\n" in answer
    assert answer.endswith(b"half")


def test_who_only_asked_for_an_answer_that_breaks_off_is_told_in_words(world: World) -> None:
    assert world.get(CONSOLE, "/half").problem["code"] == "unavailable"


def test_a_stream_is_delivered_piece_by_piece_and_ends_when_its_reader_leaves(world: World) -> None:
    control_for_tests.STREAM = stream = control_for_tests.Stream()
    with socket.create_connection(("127.0.0.1", world.port), timeout=20) as peer:
        peer.sendall(f"GET /events HTTP/1.1\r\nHost: {CONSOLE}\r\nAccept: text/event-stream\r\n\r\n".encode())
        received = b""
        for number in range(3):
            piece = b"data: %d\n\n" % number
            world.loop.call_soon_threadsafe(stream.pieces.put_nowait, piece)
            while piece not in received:  # nothing more comes until this one was read: what is kept back hangs here
                received += peer.recv(65_536)
        assert b"Content-Length" not in received
        assert not stream.gone.is_set()
    world.call(asyncio.wait_for(stream.gone.wait(), 10))


def test_who_speaks_tls_where_none_is_spoken_is_told_at_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    begun = time.monotonic()
    with (
        socket.create_connection(("127.0.0.1", world.port), timeout=20) as peer,
        pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"),
    ):
        ssl.create_default_context().wrap_socket(peer, server_hostname="localhost")
    assert time.monotonic() - begun < 5
    assert "spoke TLS on a port that speaks plain http" in caplog.text


def test_head_and_not_modified_have_no_body(world: World) -> None:
    assert world.ask("HEAD", CONSOLE, "/x").body == b""
    assert world.get(CONSOLE, "/not-modified").status == 304
    assert world.get(CONSOLE, "/x").status == 200


def test_many_requests_share_a_few_connections(world: World) -> None:
    connection = world.connect()
    for number in range(200):
        connection.request("GET", f"/{number}", headers={"Host": CONSOLE})
        assert json.loads(connection.getresponse().read())["path"] == f"/{number}"
    connection.close()
    assert world.edge._upstream.idle == 1


def test_a_malformed_upload_ends_as_a_refusal(world: World) -> None:
    answer = world.raw(f"POST /upload HTTP/1.1\r\nHost: {CONSOLE}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_the_edges_own_paths_never_reach_the_console(world: World) -> None:
    for path in ("/.greenlane/", "/.greenlane/visit", "/.greenlane/csp-report?x"):
        assert world.get(CONSOLE, path).status == 404


def test_without_the_console_apps_go_on_and_it_says_so(world: World) -> None:
    cookie = world.sign_in("board.localhost")
    world.get(CONSOLE, "/")
    world.call(world.control.stop_console())
    page = world.get(CONSOLE, "/", Accept=HTML)
    assert page.status == 503
    assert page.headers["Retry-After"]
    assert "The console is away" in page.text
    assert world.ask("POST", CONSOLE, "/upload", b"x" * 100).problem["code"] == "unavailable"
    assert world.get("open.localhost").status == 200
    assert world.get("board.localhost", Cookie=cookie).status == 200
    world.call(world.control.start_console())
    assert world.get(CONSOLE, "/").status == 200


class TestWithALimit:
    @pytest.fixture
    def world(self, tmp_path: Path) -> Iterator[World]:
        made = World(tmp_path, limits=Limits(body=1000))
        furnish(made)
        made.start()
        yield made
        made.stop()

    def test_an_upload_beyond_the_limit_is_refused(self, world: World) -> None:
        assert world.ask("POST", CONSOLE, "/upload", b"x" * 1000).status == 200
        head = f"POST /upload HTTP/1.1\r\nHost: {CONSOLE}\r\n"
        assert world.raw(f"{head}Content-Length: 1001\r\n\r\n".encode()).startswith(b"HTTP/1.1 413 ")
        chunks = f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n"
        assert world.raw(chunks).startswith(b"HTTP/1.1 413 ")


async def echo_websocket(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that changes the protocol and sends every byte back; it refuses at ``/no``."""
    head = await reader.readuntil(b"\r\n\r\n")
    if head.startswith(b"GET /no "):
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
    else:
        assert b"Upgrade: websocket\r\n" in head
        assert b"sec-websocket-key: abc\r\n" in head.lower().replace(b"ABC", b"abc")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
def websocket(world: World) -> Iterator[World]:
    async def replace() -> asyncio.Server:
        await world.control.stop_console()
        world.control.console_socket.unlink(missing_ok=True)
        return await asyncio.start_unix_server(echo_websocket, str(world.control.console_socket))

    server = world.call(replace())
    yield world
    world.loop.call_soon_threadsafe(server.close)
    world.call(world.control.start_console())


def upgrade(peer: socket.socket, path: str) -> bytes:
    head = f"GET {path} HTTP/1.1\r\nHost: {CONSOLE}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    peer.sendall(f"{head}Sec-WebSocket-Key: abc\r\n\r\n".encode())
    received = b""
    while not received.endswith(b"\r\n\r\n") and not received.endswith(b"no"):
        received += peer.recv(65_536)
    return received


def test_a_websocket_is_a_tunnel(websocket: World) -> None:
    with socket.create_connection(("127.0.0.1", websocket.port), timeout=20) as peer:
        assert upgrade(peer, "/live").startswith(b"HTTP/1.1 101 ")
        for number in range(50):
            frame = struct.pack("!BBI", 0x82, 4, number)
            peer.sendall(frame)
            assert peer.recv(100) == frame
        large = os.urandom(4_000_000)
        received = bytearray()
        peer.setblocking(False)
        view = memoryview(large)
        while len(received) < len(large):
            if view:
                with contextlib.suppress(BlockingIOError):
                    view = view[peer.send(view[:65_536]) :]
            try:
                received += peer.recv(65_536)
            except BlockingIOError:
                continue
        assert received == large


def test_a_refused_websocket_is_an_ordinary_answer(websocket: World) -> None:
    with socket.create_connection(("127.0.0.1", websocket.port), timeout=20) as peer:
        assert upgrade(peer, "/no").startswith(b"HTTP/1.1 403 ")


def test_a_tunnel_ends_when_either_side_leaves(websocket: World) -> None:
    peer = socket.create_connection(("127.0.0.1", websocket.port), timeout=20)
    upgrade(peer, "/live")
    peer.close()
    listener = websocket.edge._listener
    websocket.call(websocket.control.until(lambda: not listener.connections))


def test_the_platforms_credentials_are_taken_out() -> None:
    headers = [
        (b"Accept", b"*/*"),
        (b"AUTHORIZATION", b"Bearer secret"),
        (b"Proxy-Authorization", b"x"),
        (b"Greenlane-Preview", b"pv"),
        (b"greenlane-anything", b"x"),
        (b"Cookie", b"a=1; __Host-greenlane-visit=s.m; b=2;greenlane-preview=x; __Secure-Greenlane-y=1"),
        (b"cookie", b"__Host-greenlane-visit=only"),
        (b"X-Authorization", b"the app's own"),
    ]
    assert strip_credentials(headers) == [
        (b"Accept", b"*/*"),
        (b"Cookie", b"a=1; b=2"),
        (b"X-Authorization", b"the app's own"),
    ]
