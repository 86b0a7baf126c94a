"""Sockets that listen before anybody serves them."""

from __future__ import annotations

import os
import socket
from contextlib import closing

import pytest

from greenlane.kit.wire.listening import given, opened


def test_who_connects_before_anybody_serves_waits_in_line() -> None:
    with closing(opened(("127.0.0.1",), 0)[0]) as door, socket.create_connection(door.getsockname()) as visitor:
        visitor.sendall(b"is anybody there?")
        served, _ = door.accept()
        with served:
            assert served.recv(100) == b"is anybody there?"


def test_all_addresses_have_one_port_and_a_taken_one_is_an_error() -> None:
    doors = opened(("127.0.0.1", "127.0.0.2"), 0)
    try:
        assert len({door.getsockname()[1] for door in doors}) == 1
        with pytest.raises(OSError, match="in use"):
            opened(("127.0.0.1",), doors[0].getsockname()[1])
    finally:
        for door in doors:
            door.close()


def test_sockets_are_taken_over_that_were_meant_for_this_very_process(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(opened(("127.0.0.1",), 0)[0]) as door:
        monkeypatch.setattr("greenlane.kit.wire.listening._FIRST_GIVEN", os.dup(door.fileno()))
        environment = {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
        (taken,) = given(environment)
        with taken:
            assert taken.getsockname() == door.getsockname()
            assert not taken.get_inheritable()
        assert given({**environment, "LISTEN_PID": "1"}) == [], "they were for somebody else"
        assert given({}) == []
