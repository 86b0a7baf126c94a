"""Changes of protocol, and long answers, end when their visitor may not see them any more."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest
from tests.edge.conftest import World
from tests.edge.running.apps import App, shout, tunnel


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
            await asyncio.sleep(0.05)  # a stream goes on at its own pace

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
