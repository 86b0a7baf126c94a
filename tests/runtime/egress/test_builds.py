"""Builds go out through the same process as apps, and hear what they used."""

from __future__ import annotations

from pathlib import Path

from tests.runtime.egress.conftest import Outside, ask

from greenlane.runtime.building.registry_proxy import SOCKET
from greenlane.runtime.building.through_egress import ThroughEgress


def test_a_build_reaches_its_registries_through_egress_and_hears_what_it_used(strict: Outside, tmp_path: Path) -> None:
    host, port = strict.knows("packages.internal").split(":")
    with ThroughEgress(strict.process).opened("b_1", tmp_path, frozenset({(host, int(port))}), "board") as record:
        answer = ask(tmp_path / SOCKET, f"GET http://{host}:{port}/simple/ HTTP/1.1\r\n\r\n".encode())
        assert answer.endswith(b"hello")
        ask(tmp_path / SOCKET, b"CONNECT evil.test:443 HTTP/1.1\r\n\r\n")
    assert record.as_dict() == {
        "reached": {f"{host}:{port}": {"times": 1, "bytes": len(strict.net.answers)}},
        "refused": {"evil.test:443": 1},
    }
    assert not (tmp_path / SOCKET).exists()
