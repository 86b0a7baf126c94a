"""Hosts whose deploy runs code: what the app sees, what its visitors see, and what an app cannot do to either."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from tests.edge.conftest import HTML, Got, World, furnish

from greenlane.edge.endpoints import Key, NotRunning, RuntimeProcess
from greenlane.edge.options import AppLimits

Script = Callable[[bytes, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

QUICK = AppLimits(
    answer=2, silence=1, whole=5, body=100_000, at_once=4, queued=2, patience=0.3, tunnels=2, page_after=0.1,
    hold=5, wait=0.6, wake=20, mended=0,
)  # fmt: skip


async def echo(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Tell what arrived."""
    lines = head.decode("latin-1").split("\r\n")
    fields = [line.split(": ", 1) for line in lines[1:] if line]
    named = {name.lower(): value for name, value in fields}
    body = b""
    if "content-length" in named:
        body = await reader.readexactly(int(named["content-length"]))
    elif named.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    told = json.dumps({"line": lines[0], "fields": fields, "size": len(body)}).encode()
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(told), told)
    )


class App:
    """An app's code, as bytes on a socket. ``script`` says what it does with a request."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.path = world.run / f"{name}.sock"
        self.script: Script = echo
        self.requests = 0
        self.server: asyncio.Server
        self.writers: set[asyncio.StreamWriter] = set()

    def start(self) -> None:
        async def start() -> None:
            self.path.unlink(missing_ok=True)
            self.server = await asyncio.start_unix_server(self.serve, str(self.path))

        self.world.call(start())
        self.world.runtime.places[self.path.stem] = self.path

    def stop(self) -> None:
        def stop() -> None:
            self.server.close()
            for writer in self.writers:
                writer.transport.abort()

        self.world.loop.call_soon_threadsafe(stop)
        self.path.unlink(missing_ok=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests += 1
                await self.script(head, reader, writer)
                await writer.drain()
        self.writers.discard(writer)
        writer.close()

    def says(self, data: bytes, *, stay: bool = True) -> None:
        """Answer everything with these bytes, and hang up or stay on the line."""

        async def script(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(data)
            if not stay:
                await writer.drain()
                writer.close()

        self.script = script


def told(answer: Got) -> dict[str, Any]:
    assert answer.status == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)
    found["named"] = {name.lower(): value for name, value in found["fields"]}
    return found


def ok(*fields: str, body: bytes = b"hi") -> bytes:
    lines = "".join(f"{field}\r\n" for field in fields)
    return f"HTTP/1.1 200 OK\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, apps=QUICK)
    furnish(made)
    made.host("calc.localhost", "d1aaaaaaa", run={"kind": "asgi"})
    made.host("desk.localhost", "d1aaaaaaa", "team", run={"kind": "asgi"})
    functions = [
        {"name": "search", "path": "/api/search/*", "methods": ["GET", "POST"]},
        {"name": "user", "path": r"/users/[^/]+/*", "methods": []},
        {"name": "rest", "path": r"/(?:about|notes)/*", "methods": [], "files_first": True},
    ]
    made.host("mixed.localhost", "d1aaaaaaa", run={"kind": "functions", "functions": functions})
    made.table["people"]["p_ada"] |= {"name": "Ada", "email": "ada@example.com"}
    made.start()
    yield made
    made.stop()


def app_of(world: World, name: str) -> Iterator[App]:
    made = App(world, name)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def calc(world: World) -> Iterator[App]:
    yield from app_of(world, "calc")


@pytest.fixture
def desk(world: World) -> Iterator[App]:
    yield from app_of(world, "desk")


@pytest.fixture
def mixed(world: World) -> Iterator[App]:
    yield from app_of(world, "mixed")


# What the app sees.


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_reaches_the_app_with_its_body(world: World, calc: App, method: str) -> None:
    found = told(
        world.ask(method, "calc.localhost", "/sum?a=1", b"x" * 5000 if method in ("POST", "PUT", "PATCH") else None)
    )
    assert found["line"] == f"{method} /sum?a=1 HTTP/1.1"
    assert found["size"] == (5000 if method in ("POST", "PUT", "PATCH") else 0)


def test_a_chunked_body_reaches_the_app_in_chunks(world: World, calc: App) -> None:
    connection = world.connect()
    pieces = [os.urandom(3000) for _ in range(20)]
    connection.request("POST", "/", iter(pieces), {"Host": "calc.localhost"}, encode_chunked=True)
    assert json.loads(connection.getresponse().read())["size"] == 60_000
    connection.close()


def test_head_has_no_body_and_the_connection_goes_on(world: World, calc: App) -> None:
    calc.says(ok(body=b"hello"))
    answer = world.ask("HEAD", "calc.localhost")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "5")
    assert world.get("calc.localhost").body == b"hello"


def test_the_app_hears_from_us_who_asks_and_from_nobody_else(world: World, desk: App) -> None:
    cookie = world.sign_in("desk.localhost")
    named = told(
        world.get(
            "desk.localhost",
            "/x",
            Cookie=f"{cookie}; theme=dark; greenlane-begun=1",
            Greenlane_Identity="forged",
            X_Forwarded_For="10.0.0.1",
            Forwarded="for=10.0.0.1",
            X_Request_Id="theirs",
            Greenlane_App="other",
        )
    )["named"]
    assert named["cookie"] == "theme=dark"
    assert named["x-forwarded-for"] == "127.0.0.1"
    assert named["forwarded"] == 'for=127.0.0.1;host="desk.localhost";proto=http'
    assert named["host"] == "desk.localhost"
    assert (named["greenlane-app"], named["greenlane-deploy"], named["greenlane-environment"]) == (
        "desk",
        "d1aaaaaaa",
        "production",
    )
    assert named["x-request-id"].startswith("req-")
    keys = KeySet.import_key_set(json.loads(world.get("desk.localhost", "/.well-known/greenlane/jwks.json").body))
    claims = jwt.decode(named["greenlane-identity"], keys).claims
    assert (claims["sub"], claims["aud"], claims["iss"]) == ("p_ada", "desk", "http://localhost:4180")
    assert (claims["name"], claims["email"], claims["teams"]) == ("Ada", "ada@example.com", ["t_sales"])
    assert claims["environment"] == "production"
    assert 0 < claims["exp"] - time.time() <= 300


def test_a_field_that_many_programs_read_as_ours_is_not_passed_on(world: World, calc: App) -> None:
    head = b"GET / HTTP/1.1\r\nHost: calc.localhost\r\nConnection: close\r\n"
    world.raw(head + b"\r\n")
    answer = world.raw(head + b"Greenlane_Identity: forged\r\nX_Forwarded_For: 10.0.0.1\r\nX_Own: 1\r\n\r\n")
    fields = json.loads(answer.partition(b"\r\n\r\n")[2])["fields"]
    names = {name.lower() for name, _ in fields}
    assert "x_own" in names
    assert not {"greenlane_identity", "greenlane-identity", "x_forwarded_for"} & names


def test_the_public_is_introduced_as_nobody(world: World, calc: App) -> None:
    assert "greenlane-identity" not in told(world.get("calc.localhost"))["named"]


def test_tokens_of_ours_stay_here_and_the_apps_own_reach_it(world: World, calc: App, desk: App) -> None:
    world.token("t1")
    assert "authorization" not in told(world.get("desk.localhost", Authorization="Bearer t1"))["named"]
    ours = "glt_" + "a" * 49
    assert "authorization" not in told(world.get("calc.localhost", Authorization=f"Bearer {ours}"))["named"]
    assert (
        told(world.get("calc.localhost", Authorization="Bearer of-the-app"))["named"]["authorization"]
        == "Bearer of-the-app"
    )
    cookie = world.sign_in("desk.localhost")
    basic = told(world.get("desk.localhost", Authorization="Basic eDp5", Cookie=cookie))["named"]
    assert basic["authorization"] == "Basic eDp5"


def test_a_secret_in_the_address_is_taken_out_whatever_the_method(world: World, calc: App) -> None:
    line = told(world.ask("POST", "calc.localhost", "/f?a=1&greenlane-share=s&b=%20&Greenlane%2Dpreview=p", b"x"))[
        "line"
    ]
    assert line == "POST /f?a=1&b=%20 HTTP/1.1"


def test_a_trace_goes_on_and_begins_where_there_is_none(world: World, calc: App) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    named = told(world.get("calc.localhost", traceparent=trace, tracestate="a=1"))["named"]
    assert named["traceparent"].startswith("00-0af7651916cd43dd8448eb211c80319c-")
    assert named["traceparent"].endswith("-01")
    assert "b7ad6b7169203331" not in named["traceparent"]
    assert named["tracestate"] == "a=1"
    for broken in ("", "nonsense", "00-" + "0" * 32 + "-b7ad6b7169203331-01"):
        named = told(world.get("calc.localhost", traceparent=broken, tracestate="a=1"))["named"]
        assert len(named["traceparent"]) == 55
        assert "tracestate" not in named


def test_paths_of_ours_never_reach_the_app(world: World, calc: App) -> None:
    for path in ("/.greenlane/x", "/.greenlane/csp-report", "/.well-known/greenlane/jwks.json"):
        world.get("calc.localhost", path)
    assert calc.requests == 0


def test_who_is_not_in_the_audience_never_reaches_the_app(world: World, desk: App) -> None:
    assert world.get("desk.localhost").status == 401
    assert world.get("desk.localhost", Cookie=world.sign_in("desk.localhost", "bob")).status == 403
    assert desk.requests == 0


def test_a_neighbours_page_cannot_ask_in_a_visitors_name(world: World, desk: App) -> None:
    cookie = world.sign_in("desk.localhost")
    own = "http://desk.localhost"
    for fields in (
        {"Origin": "http://evil.localhost"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site", "Origin": own},
        {"Origin": "null"},
    ):
        assert (
            world.ask("POST", "desk.localhost", "/", b"x", Cookie=cookie, **fields).problem["code"] == "foreign-request"
        )
    assert desk.requests == 0
    assert (
        world.ask("POST", "desk.localhost", "/", b"x", Cookie=cookie, Origin=own, Sec_Fetch_Site="same-origin").status
        == 200
    )
    assert world.ask("POST", "desk.localhost", "/", b"x", Cookie=cookie).status == 200


# What its visitors see.


def test_the_answer_carries_the_deploys_marks_and_guards(world: World, desk: App) -> None:
    desk.says(
        ok("Content-Type: text/html", "Cache-Control: public, max-age=60, s-maxage=9", "Referrer-Policy: no-referrer")
    )
    answer = world.get("desk.localhost", Cookie=world.sign_in("desk.localhost"))
    assert answer.headers["Greenlane-Deploy"] == "d1aaaaaaa"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "private, max-age=60"
    assert answer.headers.get_all("Referrer-Policy") == ["no-referrer"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Greenlane-Request"].startswith("req-")


@pytest.mark.parametrize(
    "cookie",
    [
        "greenlane-visit=x",
        "__Host-greenlane-visit=x; Path=/; Secure",
        "__host-GREENLANE-visit=x",
        " greenlane-visit =x",
        "=greenlane-visit=x",
        "greenlane-visit",
        "\tgreenlane-share=1",
    ],
)
def test_an_app_can_set_no_cookie_of_ours(world: World, calc: App, cookie: str) -> None:
    calc.says(ok(f"Set-Cookie: {cookie}", "Set-Cookie: own=1; Path=/; Domain=localhost; HttpOnly"))
    assert world.get("calc.localhost").headers.get_all("Set-Cookie") == ["own=1; Path=/; HttpOnly"]


def test_an_app_gives_no_orders_beyond_itself(world: World, calc: App) -> None:
    calc.says(
        ok(
            'Clear-Site-Data: "cookies"',
            'Alt-Svc: h2="evil:443"',
            "X-Accel-Redirect: /internal",
            "X-Sendfile: /etc/passwd",
            "Greenlane-Passport: sha256:forged",
            "Strict-Transport-Security: max-age=1; includeSubDomains",
            "Connection: x-hop",
            "X-Hop: 1",
            "X-Own: 1",
        )
    )
    headers = world.get("calc.localhost").headers
    for name in ("Clear-Site-Data", "Alt-Svc", "X-Accel-Redirect", "X-Sendfile", "Strict-Transport-Security", "X-Hop"):
        assert name not in headers
    assert len(headers.get_all("Greenlane-Passport")) == 1
    assert "forged" not in headers["Greenlane-Passport"]
    assert headers["X-Own"] == "1"


def test_pages_are_counted_and_other_answers_are_not(world: World, calc: App) -> None:
    calc.says(ok("Content-Type: text/html; charset=utf-8"))
    world.get("calc.localhost")
    world.get("calc.localhost")
    calc.says(ok("Content-Type: application/json"))
    world.get("calc.localhost")
    calc.says(b"HTTP/1.1 500 Oops\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n")
    world.get("calc.localhost")
    tally = world.edge._views.tally("calc", "production", "public")
    assert tally.count == 2


# Apps that misbehave.


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
    answer = world.raw(b"GET / HTTP/1.1\r\nHost: calc.localhost\r\n\r\n")
    assert b"Content-Length: 100\r\n" in answer
    assert answer.endswith(b"short")


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
        await asyncio.sleep(0.05)
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
        time.sleep(0.3)
        assert written < 12_000_000, "what the visitor does not take, the app has to wait with"
        while data := peer.recv(1 << 20):
            received += len(data)
    assert received > 20_000_000


# Turns.


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


# Websockets.


async def shout(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Set-Cookie: greenlane-visit=x\r\nSec-WebSocket-Accept: abc\r\n\r\nfirst"
    )
    while data := await reader.read(65_536):
        writer.write(data.upper())
        await writer.drain()
    raise asyncio.IncompleteReadError(b"", 1)


def tunnel(world: World, host: str, *fields: str) -> tuple[socket.socket, bytes]:
    peer = socket.create_connection(("127.0.0.1", world.port), timeout=10)
    lines = "".join(f"{field}\r\n" for field in fields)
    peer.sendall(
        f"GET /ws HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{lines}\r\n".encode()
    )
    received = b""
    while b"\r\n\r\n" not in received:
        received += peer.recv(4096)
    return peer, received


def test_a_websocket_is_a_tunnel_with_a_clean_head(world: World, calc: App) -> None:
    calc.script = shout
    peer, head = tunnel(world, "calc.localhost")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"Sec-WebSocket-Accept: abc\r\n" in head
    assert b"greenlane-visit" not in head
    received = head.partition(b"\r\n\r\n")[2]
    peer.sendall(b"hello")
    while len(received) < 10:
        received += peer.recv(100)
    assert received == b"firstHELLO"
    peer.close()


def test_a_tunnel_ends_with_the_session(world: World, desk: App) -> None:
    desk.script = shout
    cookie = world.sign_in("desk.localhost")
    peer, _ = tunnel(world, "desk.localhost", f"Cookie: {cookie}")
    peer.sendall(b"on")
    while b"ON" not in peer.recv(100):
        pass
    world.change(people={"p_ada": {"teams": ["t_sales"], "active": False}})
    assert _rest(peer) == b""
    assert world.edge._running._tunnels.going("desk") == 0


def test_a_tunnel_ends_with_the_lease(world: World, desk: App) -> None:
    desk.script = shout
    cookie = world.sign_in("desk.localhost")
    peer, _ = tunnel(world, "desk.localhost", f"Cookie: {cookie}")
    world.control.beating = False
    world.change(lease={"page": 0.3, "token": 0.3})
    assert _rest(peer) in (b"", b"first")


def test_a_long_answer_ends_with_the_audience(world: World, desk: App) -> None:
    async def script(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        while True:
            writer.write(b"data: 1\n\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    desk.script = script
    cookie = world.sign_in("desk.localhost")
    peer = socket.create_connection(("127.0.0.1", world.port), timeout=10)
    peer.sendall(f"GET / HTTP/1.1\r\nHost: desk.localhost\r\nCookie: {cookie}\r\n\r\n".encode())
    assert peer.recv(4096).startswith(b"HTTP/1.1 200 ")
    entry = world.table["hosts"]["desk.localhost"]
    world.change(hosts={"desk.localhost": {**entry, "audience": {"rung": "me", "people": ["p_bob"], "teams": []}}})
    assert not _rest(peer).endswith(b"0\r\n\r\n")


def test_tunnels_have_turns_of_their_own(world: World, calc: App) -> None:
    calc.script = shout
    peers = [tunnel(world, "calc.localhost")[0] for _ in range(2)]
    third, head = tunnel(world, "calc.localhost")
    assert head.startswith(b"HTTP/1.1 503 ")
    for peer in (*peers, third):
        peer.close()


@pytest.mark.parametrize("dialect", ["h2c", "HTTP/2.0", "TLS/1.3"])
def test_nobody_changes_to_another_dialect_to_speak_past_us(world: World, calc: App, dialect: str) -> None:
    head = (
        f"GET / HTTP/1.1\r\nHost: calc.localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: {dialect}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", world.port), timeout=10) as peer:
        peer.sendall(head.encode())
        received = peer.recv(65_536)
    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"pgrade" not in received.partition(b'"fields"')[2]


def test_a_protocol_that_nobody_asked_for_is_refused(world: World, calc: App) -> None:
    calc.says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: smtp\r\nConnection: Upgrade\r\n\r\n")
    peer, head = tunnel(world, "calc.localhost")
    assert head.startswith(b"HTTP/1.1 502 ")
    peer.close()


def test_a_neighbours_page_cannot_open_a_websocket_in_a_visitors_name(world: World, desk: App) -> None:
    desk.script = shout
    cookie = world.sign_in("desk.localhost")
    peer, head = tunnel(world, "desk.localhost", f"Cookie: {cookie}", "Origin: http://evil.localhost")
    assert head.startswith(b"HTTP/1.1 403 ")
    peer.close()


def _rest(peer: socket.socket) -> bytes:
    """What still comes until the other side ends it."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while data := peer.recv(65_536):
            received += data
    peer.close()
    return received


# Waking.


def test_people_see_a_page_that_turns_into_the_app(world: World) -> None:
    world.runtime.places["calc"] = NotRunning("waking", "It starts.", "Wait.", wait=True)
    page = world.get("calc.localhost", "/deep?x=1", Accept=HTML)
    assert page.status == 503
    assert page.headers["Refresh"] == "1"
    assert page.headers["Cache-Control"] == "no-store"
    assert "the app is starting" in page.text
    assert 'href="/deep?x=1"' in page.text
    assert "<script" not in page.text
    app = App(world, "calc")
    app.says(ok("Content-Type: text/html", body=b"<p>here"))
    timer = threading.Timer(0.4, app.start)
    timer.start()
    begun = time.monotonic()
    assert world.get("calc.localhost", "/deep?x=1", Accept=HTML).body == b"<p>here", "the second request waits"
    assert time.monotonic() - begun > 0.2
    timer.join()
    app.stop()


def test_programs_wait_up_to_a_limit(world: World) -> None:
    world.runtime.places["calc"] = NotRunning("waking", "It starts.", "Wait.", wait=True)
    begun = time.monotonic()
    answer = world.get("calc.localhost")
    assert answer.problem["code"] == "starting"
    assert answer.headers["Retry-After"]
    assert time.monotonic() - begun >= 0.6


def test_why_an_app_does_not_run_is_said_in_the_runtimes_words(world: World) -> None:
    world.runtime.places["calc"] = NotRunning("crash-loop", "It ended three times.", "Look at its log.")
    problem = world.get("calc.localhost").problem
    assert (problem["code"], problem["detail"], problem["next_step"]) == (
        "crash-loop",
        "It ended three times.",
        "Look at its log.",
    )


def test_where_an_app_is_is_asked_once_until_it_is_gone(world: World, calc: App) -> None:
    for _ in range(5):
        assert world.get("calc.localhost").status == 200
    assert len(world.runtime.asked) == 1
    for number, method in enumerate(("GET", "POST")):
        calc.stop()
        calc.path = world.run / f"elsewhere-{number}.sock"
        calc.start()
        world.runtime.places["calc"] = calc.path
        body = b"x" if method == "POST" else None
        assert world.ask(method, "calc.localhost", "/", body).status == 200, "the restart was noticed by nobody"
        assert len(world.runtime.asked) == 2 + number


def test_the_runtime_hears_what_is_in_use(world: World, calc: App) -> None:
    world.get("calc.localhost")
    world.call(world.edge._running.tell())
    assert world.runtime.noted == {Key("calc", "production", "d1aaaaaaa")}
    calc.script = shout
    peer, _ = tunnel(world, "calc.localhost")
    world.call(world.edge._running.tell())
    world.runtime.noted.clear()
    world.call(world.edge._running.tell())
    assert world.runtime.noted, "an open tunnel is use"
    peer.close()


def test_the_runtime_process_is_asked_by_lines(world: World, tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = []
    answers = [
        b'{"socket": "/x/http.sock"}\n',
        b'{"refused": "gone", "says": "No.", "next_step": "Go.", "wait": true}\n',
        b"no\n",
    ]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(json.loads(await reader.readline()))
        if "ask" in lines[-1]:
            writer.write(answers.pop(0))
        writer.close()

    async def talk() -> None:
        path = world.run / "rt.sock"
        server = await asyncio.start_unix_server(serve, str(path))
        process, key = RuntimeProcess(path, 5), Key("calc", "production", "d1")
        assert await process.endpoint(key) == Path("/x/http.sock")
        for code in ("gone", "runtime-away"):
            with pytest.raises(NotRunning) as refused:
                await process.endpoint(key)
            assert (refused.value.code, refused.value.wait) == (code, True)
        await process.used([key])
        server.close()
        with pytest.raises(NotRunning):
            await process.endpoint(key)
        await process.used([key])

    world.call(talk())
    assert lines[0] == {"ask": "endpoint", "app": "calc", "environment": "production", "deploy": "d1"}
    assert lines[-1] == {"note": "used", "keys": [["calc", "production", "d1"]]}


# Functions beside files.


def test_functions_answer_at_their_paths_and_files_everywhere_else(world: World, mixed: App) -> None:
    found = told(world.get("mixed.localhost", "/users/7?x=1"))
    assert found["named"]["greenlane-function"] == "user"
    assert world.get("mixed.localhost", "/about").text.startswith("<!doctype html><title>About")
    assert world.get("mixed.localhost", "/users").status == 404
    assert told(world.ask("POST", "mixed.localhost", "/api/search/", b"q"))["named"]["greenlane-function"] == "search"
    refused = world.ask("DELETE", "mixed.localhost", "/api/search/")
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, POST")
    assert world.get("mixed.localhost", "/missing").status == 404


def test_a_file_goes_first_where_a_function_says_so(world: World, mixed: App) -> None:
    assert world.get("mixed.localhost", "/about").text.startswith("<!doctype html><title>About"), (
        "also at the first look"
    )
    assert told(world.get("mixed.localhost", "/notes"))["named"]["greenlane-function"] == "rest"
    assert told(world.ask("POST", "mixed.localhost", "/about", b"x"))["named"]["greenlane-function"] == "rest"


def test_a_function_answers_at_the_first_look_where_no_file_stands(world: World, mixed: App) -> None:
    assert told(world.get("mixed.localhost", "/notes"))["named"]["greenlane-function"] == "rest"
