"""Builds go out through the same process as apps, to their registries alone, and hear what they used."""

from __future__ import annotations

import pytest
from tests.runtime.egress.conftest import Outside, ask, dial

from greenlane.runtime.building.way_out import Record, ThroughEgress


def test_a_build_reaches_its_registries_through_egress_and_hears_what_it_used(strict: Outside) -> None:
    host, port = strict.knows("packages.internal").split(":")
    with ThroughEgress(strict.process).opened("b_1", "board", frozenset({(host, int(port))})) as way:
        answer = ask(way.socket, f"GET http://{host}:{port}/simple/ HTTP/1.1\r\n\r\n".encode())
        assert answer.endswith(b"hello")
        ask(way.socket, b"CONNECT evil.test:443 HTTP/1.1\r\n\r\n")
    assert way.record.as_dict() == {
        "reached": {f"{host}:{port}": {"times": 1, "bytes": len(strict.net.answers)}},
        "refused": {"evil.test:443": 1},
    }
    assert not way.socket.exists()


@pytest.mark.parametrize(
    "place",
    [
        "169.254.169.254:80",
        "127.0.0.1:{other}",
        "localhost:{port}",
        "elsewhere.test:443",
        "[::1]:{port}",
        "127.1:{port}",
    ],
)
def test_everything_else_is_refused_and_recorded(strict: Outside, place: str) -> None:
    port = strict.net.port
    strict.knows("elsewhere.test")
    there = place.format(port=port, other=port + 1)
    with ThroughEgress(strict.process).opened("b_1", "board", frozenset({("127.0.0.1", port)})) as way:
        for asked in (f"CONNECT {there} HTTP/1.1", f"GET http://{there}/ HTTP/1.1"):
            answer = ask(way.socket, f"{asked}\r\n\r\n".encode())
            assert answer.startswith(b"HTTP/1.1 403 A build reaches package registries alone"), answer
    assert way.record.reached == {}
    assert sum(way.record.refused.values()) == 2


def test_what_a_killed_builder_left_open_is_closed(strict: Outside) -> None:
    ways = ThroughEgress(strict.process)
    with ways.opened("b_1", "board", frozenset({("127.0.0.1", strict.net.port)})) as way:
        ways.forget("b_1")
        with pytest.raises(FileNotFoundError):
            dial(way.socket)


def test_a_build_goes_on_to_its_end_when_the_way_out_is_killed_under_it(tight: Outside) -> None:
    with ThroughEgress(tight.process).opened("b_1", "board", frozenset()) as way:
        tight.stop()
    assert way.record == Record()
    tight.start()
