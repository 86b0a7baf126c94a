"""The HTTP listener, spoken to over real sockets by clients that behave, misbehave and attack."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvloop

from greenlane.kit.wire.body import Chunked
from greenlane.kit.wire.connection import Answer, Handler
from greenlane.kit.wire.exchange import Exchange
from greenlane.kit.wire.limits import Limits
from greenlane.kit.wire.listener import Listener
from greenlane.kit.wire.listening import opened
from greenlane.kit.wire.prepared import Prepared, Tally, Validity
from greenlane.kit.wire.reply import Reply
from greenlane.kit.wire.request import Malformed, Request, parse

TEXT = [(b"Content-Type", b"text/plain")]


class Site:
    """A handler that echoes, and remembers what reached it."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.validity = Validity(time.monotonic() + 3600)
        self.tally = Tally()

    def __call__(self, request: Request, exchange: Exchange) -> Answer:
        self.seen.append(f"{request.method.decode()} {request.path.decode()}")
        if request.path == b"/prepared":
            return Prepared(
                Reply(200, TEXT, b"from memory"),
                bare=request.method == b"HEAD",
                tally=self.tally,
                validity=self.validity,
            )
        if request.path == b"/echo":
            return self.echo(exchange)
        if request.path == b"/said":
            return self.said(exchange)
        if request.path == b"/fault":
            raise RuntimeError("a fault in the handler")
        if request.path == b"/late-fault":
            return self.late_fault()
        if request.path == b"/hears-on":
            exchange.hears_on = True
            return self.echo(exchange)
        if request.path == b"/flood":
            return self.flood(exchange)
        if request.path == b"/slow":
            return self.slow(exchange)
        return Reply(200, TEXT, request.path + b" at " + request.authority)

    async def echo(self, exchange: Exchange) -> None:
        body = b""
        while data := await exchange.read():
            body += data
        exchange.start(200, TEXT)
        await exchange.send(body)
        exchange.end()

    async def said(self, exchange: Exchange) -> None:
        exchange.say(200, TEXT, b"said")

    async def late_fault(self) -> None:
        await asyncio.sleep(0)
        raise RuntimeError("a fault later on")

    async def flood(self, exchange: Exchange) -> None:
        exchange.start(200, TEXT, 64 * 1024 * 1024)
        for _ in range(64):
            await exchange.send(b"x" * 1024 * 1024)
        exchange.end()

    async def slow(self, exchange: Exchange) -> None:
        await asyncio.sleep(0.3)
        exchange.reply(Reply(200, TEXT, b"slow"))


class Running:
    """A listener on a thread of its own."""

    def __init__(self, handler: Handler, limits: Limits) -> None:
        self.loop = uvloop.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.listener = self.call(self._make(handler, limits))
        self.port = self.call(self.listener.start(opened(("127.0.0.1", "::1"), 0)))

    async def _make(self, handler: Handler, limits: Limits) -> Listener:
        return Listener(handler, limits=limits)

    def call(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def stop(self) -> None:
        self.call(self.listener.stop(0.5))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def say(self, data: bytes) -> bytes:
        """Send these bytes, then read until the server closes."""
        with self.connect() as peer:
            peer.sendall(data)
            return read_all(peer)


def read_all(peer: socket.socket) -> bytes:
    received = b""
    while True:
        try:
            data = peer.recv(65536)
        except ConnectionResetError:
            return received
        if not data:
            return received
        received += data


def read_until(peer: socket.socket, wanted: bytes) -> bytes:
    received = b""
    while wanted not in received:
        data = peer.recv(65536)
        assert data, received
        received += data
    return received


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def limits() -> Limits:
    return Limits()


@pytest.fixture
def server(site: Site, limits: Limits) -> Iterator[Running]:
    running = Running(site, limits)
    yield running
    running.stop()


def ask(path: str = "/", *fields: str, method: str = "GET", body: bytes = b"", close: bool = True) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: example.test", *fields, *(["Connection: close"] if close else [])]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_a_request_is_answered_with_its_length_and_a_date(server: Running) -> None:
    answer = server.say(ask("/a"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nDate: " in head
    assert b"\r\nContent-Length: 18" in head
    assert body == b"/a at example.test"


def test_both_loopback_addresses_share_one_port(server: Running) -> None:
    for address in ("127.0.0.1", "::1"):
        with socket.create_connection((address, server.port), timeout=10) as peer:
            peer.sendall(ask())
            assert status(read_all(peer)) == 200


def test_a_connection_serves_one_request_after_another(server: Running) -> None:
    with server.connect() as peer:
        for number in range(5):
            peer.sendall(ask(f"/{number}", close=False))
            assert f"/{number} at".encode() in read_until(peer, b"example.test")


def test_pipelined_requests_are_answered_in_order(server: Running) -> None:
    paths = ["/slow", "/1", "/prepared", "/said", "/prepared", "/said", "/slow", "/echo", "/2"]
    answer = server.say(b"".join(ask(path, close=False) for path in paths) + ask("/end"))
    memory, said = b"from memory", b"said"
    wanted = [b"slow", b"/1 at", memory, said, memory, said, b"slow", b"HTTP/1.1 200", b"/2 at", b"/end at"]
    position = 0
    for words in wanted:
        position = answer.index(words, position) + 1
    assert answer.count(b"HTTP/1.1 200 OK") == 10


def test_head_has_the_length_but_not_the_body(server: Running) -> None:
    answer = server.say(ask("/a", method="HEAD"))
    assert b"Content-Length: 18" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_an_old_client_gets_its_answer_and_the_end_of_the_connection(server: Running) -> None:
    assert server.say(b"GET /old HTTP/1.0\r\n\r\n").endswith(b"/old at ")


def test_a_head_arriving_letter_by_letter_is_read(server: Running) -> None:
    with server.connect() as peer:
        for letter in ask("/drip"):
            peer.sendall(bytes([letter]))
        assert b"/drip at" in read_all(peer)


def test_an_absolute_target_names_the_host(server: Running) -> None:
    answer = server.say(ask("http://other.test:81/there?x=1"))
    assert answer.endswith(b"/there at other.test:81")


def test_a_body_with_a_length_reaches_the_handler(server: Running) -> None:
    body = bytes(range(256)) * 4096
    answer = server.say(ask("/echo", f"Content-Length: {len(body)}", method="POST", body=body))
    assert body == unchunk(answer)


def test_a_chunked_body_reaches_the_handler(server: Running) -> None:
    body = b"4;name=value\r\nWiki\r\n5\r\npedia\r\n0\r\nTrailer: x\r\n\r\n"
    answer = server.say(ask("/echo", "Transfer-Encoding: chunked", method="POST", body=body))
    assert unchunk(answer) == b"Wikipedia"


def test_the_request_after_a_chunked_body_is_found(server: Running) -> None:
    first = ask("/echo", "Transfer-Encoding: chunked", method="POST", body=b"3\r\nabc\r\n0\r\n\r\n", close=False)
    answer = server.say(first + ask("/next"))
    assert answer.endswith(b"/next at example.test")


def unchunk(answer: bytes) -> bytes:
    decoder = Chunked(1 << 30)
    body = decoder.take(bytearray(answer.partition(b"\r\n\r\n")[2]))
    assert decoder.complete
    return body


def test_a_client_that_expects_a_sign_gets_it_before_its_body(server: Running) -> None:
    with server.connect() as peer:
        peer.sendall(ask("/echo", "Content-Length: 2", "Expect: 100-continue", method="POST"))
        assert read_until(peer, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        peer.sendall(b"hi")
        assert unchunk(read_all(peer)) == b"hi"


def test_nobody_is_told_to_send_a_body_that_is_not_wanted(server: Running) -> None:
    answer = server.say(ask("/a", "Content-Length: 9", "Expect: 100-continue", method="POST", close=False))
    assert status(answer) == 200
    assert b"100 Continue" not in answer
    assert b"Connection: close" in answer


def test_an_unread_body_is_not_taken_for_the_next_request(server: Running, site: Site) -> None:
    inner = ask("/smuggled")
    answer = server.say(ask("/a", f"Content-Length: {len(inner)}", method="POST", body=inner, close=False) + ask("/b"))
    assert site.seen == ["POST /a", "GET /b"]
    assert answer.count(b"HTTP/1.1 200") == 2


HEAD = b"POST /x HTTP/1.1\r\nHost: example.test\r\n"

SMUGGLING: dict[str, tuple[bytes, int]] = {
    "a length and chunks": (HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunks and a length": (HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400),
    "two lengths": (HEAD + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", 400),
    "two equal lengths": (HEAD + b"Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", 400),
    "a list of lengths": (HEAD + b"Content-Length: 4, 4\r\n\r\nabcd", 400),
    "a length with a sign": (HEAD + b"Content-Length: +4\r\n\r\nabcd", 400),
    "a negative length": (HEAD + b"Content-Length: -4\r\n\r\n", 400),
    "a hexadecimal length": (HEAD + b"Content-Length: 0x4\r\n\r\nabcd", 400),
    "an empty length": (HEAD + b"Content-Length: \r\n\r\n", 400),
    "a length without end": (HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n", 400),
    "a length with a space inside": (HEAD + b"Content-Length: 1 2\r\n\r\n", 400),
    "a coding that is not chunked": (HEAD + b"Transfer-Encoding: gzip\r\n\r\n", 400),
    "a coding spelled almost right": (HEAD + b"Transfer-Encoding: xchunked\r\n\r\n", 400),
    "two codings": (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "chunked twice": (HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "a coding after identity": (HEAD + b"Transfer-Encoding: identity\r\n\r\n", 400),
    "a coding with a vertical tab": (HEAD + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 400),
    "chunks in HTTP/1.0": (b"POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "a space before the colon": (HEAD + b"Content-Length : 4\r\n\r\nabcd", 400),
    "a tab before the colon": (HEAD + b"Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n", 400),
    "a folded field": (HEAD + b"X: a\r\n Content-Length: 4\r\n\r\n", 400),
    "a folded field with a tab": (HEAD + b"X: a\r\n\tb\r\n\r\n", 400),
    "a first field that begins with a space": (b"GET / HTTP/1.1\r\n Host: example.test\r\n\r\n", 400),
    "a bare line feed": (b"GET / HTTP/1.1\nHost: example.test\n\r\n\r\n", 400),
    "a bare line feed in a field": (HEAD + b"X: a\nContent-Length: 4\r\n\r\n", 400),
    "a bare carriage return": (HEAD + b"X: a\rContent-Length: 4\r\n\r\n", 400),
    "a zero byte": (HEAD + b"X: a\0b\r\n\r\n", 400),
    "a field without a colon": (HEAD + b"Content-Length 4\r\n\r\n", 400),
    "a field without a name": (HEAD + b": 4\r\n\r\n", 400),
    "a name with letters from elsewhere": (HEAD + "Contént-Length: 4\r\n\r\n".encode(), 400),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "a host with a path": (b"GET / HTTP/1.1\r\nHost: a.test/b\r\n\r\n", 400),
    "a host with a user": (b"GET / HTTP/1.1\r\nHost: me@a.test\r\n\r\n", 400),
    "a host that is a list": (b"GET / HTTP/1.1\r\nHost: a.test, b.test\r\n\r\n", 400),
    "two authorizations": (HEAD + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", 400),
    "a chunk size that is no number": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400),
    "a chunk size with a prefix": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", 400),
    "a chunk size beyond counting": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\n", 400),
    "a chunk longer than it says": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400),
    "a chunk line that ends in a line feed": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", 400),
    "an endless chunk line": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * 300, 400),
    "no version": (b"GET /\r\n\r\n", 505),
    "an old version": (b"GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505),
    "a version to come": (b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
    "a version that does not exist": (b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505),
    "a preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "a target with a space": (b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a target without a slash": (b"GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a target with a fragment": (b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a target with raw bytes": (b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a target of another scheme": (b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a request for a proxy": (b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n", 405),
    "a method that nobody knows": (b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    "an expectation that nobody knows": (b"GET / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n", 417),
    "noise": (bytes(range(128, 256)) + b"\r\n\r\n", 400),
}


def test_a_tls_greeting_gets_an_alert_and_nothing_behind_it_is_read(server: Running, site: Site) -> None:
    answer = server.say(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n" + ask("/smuggled"))
    assert answer == bytes((0x15, 3, 3, 0, 2, 2, 70))
    assert "GET /smuggled" not in site.seen


@pytest.mark.parametrize("name", SMUGGLING)
def test_what_could_be_read_in_two_ways_is_refused_and_ends_the_connection(
    name: str, server: Running, site: Site
) -> None:
    attack, wanted = SMUGGLING[name]
    data = attack.replace(b"POST /x", b"POST /echo")
    answer = server.say(data + ask("/smuggled"))
    assert status(answer) == wanted
    assert answer.count(b"\r\nDate: ") == 1
    assert b"Connection: close" in answer
    assert "GET /smuggled" not in site.seen


def test_a_head_beyond_the_limit_is_refused(server: Running) -> None:
    assert status(server.say(ask("/", "X: " + "a" * 10_000))) == 200
    assert status(server.say(ask("/", *(f"X-{n}: " + "a" * 5_000 for n in range(8))))) == 431


def test_more_fields_than_allowed_are_refused(server: Running) -> None:
    assert status(server.say(ask("/", *(f"X-{n}: a" for n in range(98))))) == 200
    assert status(server.say(ask("/", *(f"X-{n}: a" for n in range(101))))) == 431


def test_a_target_beyond_the_limit_is_refused(server: Running) -> None:
    assert status(server.say(ask("/" + "a" * 9_000))) == 414
    assert status(server.say(b"GET /" + b"a" * 40_000)) == 414


class TestWithSmallLimits:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(body=1000, head_time=0.3, idle_time=0.6, body_time=0.3, write_time=0.5, connections=3)

    def test_a_body_beyond_the_limit_is_refused(self, server: Running) -> None:
        assert status(server.say(ask("/echo", "Content-Length: 1001", method="POST"))) == 413

    def test_chunks_beyond_the_limit_are_refused(self, server: Running) -> None:
        chunk = b"190\r\n" + b"x" * 400 + b"\r\n"
        assert status(server.say(ask("/echo", "Transfer-Encoding: chunked", method="POST", body=chunk * 3))) == 413

    def test_a_head_that_trickles_in_is_given_up(self, server: Running) -> None:
        with server.connect() as peer:
            begun = time.monotonic()
            peer.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
            answer = drip(peer, b"X: a\r\n")
            assert status(answer) == 408
            assert time.monotonic() - begun < 3

    def test_a_body_that_trickles_in_is_given_up(self, server: Running) -> None:
        with server.connect() as peer:
            peer.sendall(ask("/echo", "Content-Length: 900", method="POST"))
            assert status(drip(peer, b"x")) == 408

    def test_an_idle_connection_is_closed_without_a_word(self, server: Running) -> None:
        with server.connect() as peer:
            assert read_all(peer) == b""

    def test_a_reader_that_never_reads_is_cut(self, server: Running) -> None:
        with server.connect() as peer:
            peer.sendall(ask("/flood", close=False))
            read_until(peer, b"\r\n\r\n")
            wait_for(lambda: not server.listener.connections)

    def test_connections_beyond_the_limit_are_closed_at_once(self, server: Running) -> None:
        peers = [server.connect() for _ in range(3)]
        wait_for(lambda: len(server.listener.connections) == 3)
        with server.connect() as one_too_many:
            assert read_all(one_too_many) == b""
        for peer in peers:
            peer.close()


def drip(peer: socket.socket, piece: bytes) -> bytes:
    """Send a piece again and again until the server answers."""
    peer.settimeout(0.05)
    received = b""
    for _ in range(200):
        try:
            peer.sendall(piece)
            data = peer.recv(65536)
        except TimeoutError:
            continue
        except (ConnectionResetError, BrokenPipeError):
            break
        if not data:
            break
        received += data
    return received


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)


def test_a_writer_waits_for_a_slow_reader(server: Running) -> None:
    with server.connect() as peer:
        peer.sendall(ask("/flood", close=False))
        head = read_until(peer, b"\r\n\r\n")
        size = len(head.partition(b"\r\n\r\n")[2])
        while size < 64 * 1024 * 1024:
            size += len(peer.recv(1 << 20))
        peer.sendall(ask("/after"))
        assert b"/after at" in read_all(peer)


@pytest.mark.parametrize("path", ["/fault", "/late-fault"])
def test_a_fault_in_the_handler_is_a_500_and_the_connection_goes_on(path: str, server: Running) -> None:
    answer = server.say(ask("/first", close=False) + ask(path))
    assert answer.count(b"HTTP/1.1 200") == 1
    assert answer.count(b"HTTP/1.1 500") == 1
    assert b"RuntimeError" not in answer


def test_an_answer_that_repeats_is_given_without_asking_again(server: Running, site: Site) -> None:
    with server.connect() as peer:
        for _ in range(5):
            peer.sendall(ask("/prepared", close=False))
            read_until(peer, b"from memory")
    assert site.seen == ["GET /prepared"] * 2
    assert site.tally.count == 5


def test_a_prepared_answer_ends_with_its_validity(server: Running, site: Site) -> None:
    with server.connect() as peer:
        for _ in range(3):
            peer.sendall(ask("/prepared", close=False))
            read_until(peer, b"from memory")
        server.call(let_lapse(site, server.listener))
        peer.sendall(ask("/prepared", close=False))
        read_until(peer, b"from memory")
    assert site.seen == ["GET /prepared"] * 3


async def let_lapse(site: Site, listener: Listener) -> None:
    site.validity.until = 0.0
    for prepared in listener.memory.answers.values():
        assert not prepared.renew(time.monotonic())
        prepared.until = 0.0


def test_a_prepared_answer_never_outlives_its_validity_by_its_date(site: Site) -> None:
    now = time.monotonic()
    prepared = Prepared(Reply(200, TEXT, b"x"), bare=False, tally=Tally(), validity=Validity(now + 0.001))
    assert prepared.renew(now)
    assert prepared.until <= now + 0.001


def test_a_prepared_answer_to_head_has_no_body(server: Running) -> None:
    with server.connect() as peer:
        for _ in range(4):
            peer.sendall(ask("/prepared", method="HEAD", close=False))
            assert read_until(peer, b"\r\n\r\n").endswith(b"\r\n\r\n")


def test_a_draining_server_finishes_what_it_began(server: Running) -> None:
    with server.connect() as peer, server.connect() as idle:
        peer.sendall(ask("/slow", close=False))
        wait_for(lambda: len(server.listener.connections) == 2)
        server.call(asyncio.sleep(0.05))
        server.call(server.listener.stop(5))
        answer = read_all(peer)
        assert answer.endswith(b"slow")
        assert b"Connection: close" in answer
        assert read_all(idle) == b""
    with pytest.raises(ConnectionRefusedError):
        server.connect()


def test_a_client_that_leaves_ends_its_handler(site: Site, server: Running) -> None:
    with server.connect() as peer:
        peer.sendall(ask("/flood", close=False))
        read_until(peer, b"\r\n\r\n")
    wait_for(lambda: not server.listener.connections)


def test_a_client_may_close_its_half_and_still_read(server: Running) -> None:
    with server.connect() as peer:
        peer.sendall(ask("/slow", close=False))
        peer.shutdown(socket.SHUT_WR)
        assert read_all(peer).endswith(b"slow")


def test_a_stream_that_ends_by_itself_is_heard_to_its_end_by_a_client_that_says_no_more(server: Running) -> None:
    with server.connect() as peer:
        peer.sendall(b"POST /hears-on HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        peer.shutdown(socket.SHUT_WR)
        assert read_all(peer).endswith(b"\r\n5\r\nhello\r\n0\r\n\r\n")


@pytest.mark.parametrize("size", range(1, 30))
def test_chunks_are_found_however_they_are_cut(size: int) -> None:
    whole = b"a;x=y\r\n0123456789\r\n3\r\nabc\r\n0\r\nT: v\r\n\r\nNEXT"
    decoder, buffer, body = Chunked(100), bytearray(), b""
    for start in range(0, len(whole), size):
        buffer += whole[start : start + size]
        body += decoder.take(buffer)
    assert (body, decoder.complete, bytes(buffer)) == (b"0123456789abc", True, b"NEXT")


def test_repeated_fields_are_joined_and_kept_apart() -> None:
    request = parse(
        b"GET / HTTP/1.1\r\nHost: A.test.\r\nCookie: a=1\r\nCookie: b=2\r\nAccept: x\r\nAccept: y\r\n\r\n", Limits()
    )
    assert request.fields[b"cookie"] == b"a=1; b=2"
    assert request.fields[b"accept"] == b"x, y"
    assert request.host == "a.test"
    assert len(request.headers) == 5


def test_a_body_takes_the_wish_for_another_protocol_away() -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\n"
    assert not parse(head, Limits()).upgrade
    assert parse(head.replace(b"Content-Length: 1\r\n", b""), Limits()).upgrade


def test_malformed_says_why() -> None:
    with pytest.raises(Malformed, match="Host is missing"):
        parse(b"GET / HTTP/1.1\r\n\r\n", Limits())
