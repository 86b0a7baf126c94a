"""What a build may reach: registries alone, through one socket, on the record."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from greenlane.runtime.building.registries import NoRegistry, place_of, python_of_machine
from greenlane.runtime.building.registry_proxy import SOCKET, Record, RegistryProxy


class Registry(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{self.path} {self.headers.get('Authorization', 'nobody')}".encode())

    def log_message(self, *_: object) -> None:
        """Nothing is said."""


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def proxy() -> Iterator[RegistryProxy]:
    one = RegistryProxy()
    yield one
    one.close()


def asks(folder: Path, head: str) -> bytes:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(10)
        line.connect(str(folder / SOCKET))
        line.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        answer = b""
        while part := line.recv(65536):
            answer += part
    return answer


def test_a_registry_is_reached_and_counted(tmp_path, port, proxy):
    with proxy.opened("b", tmp_path, frozenset({("127.0.0.1", port)})) as record:
        answer = asks(tmp_path, f"GET http://127.0.0.1:{port}/left-pad?x=1 HTTP/1.1\nHost: elsewhere")
        assert b"/left-pad?x=1 nobody" in answer
    assert record.as_dict()["reached"][f"127.0.0.1:{port}"]["times"] == 1
    assert record.bytes >= len(answer)


def test_a_tunnel_is_opened_to_a_registry(tmp_path, port, proxy):
    with proxy.opened("b", tmp_path, frozenset({("127.0.0.1", port)})), socket.socket(socket.AF_UNIX) as line:
        line.settimeout(10)
        line.connect(str(tmp_path / SOCKET))
        line.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode())
        assert line.recv(1000).startswith(b"HTTP/1.1 200")
        line.sendall(b"GET /inside HTTP/1.0\r\n\r\n")
        answer = b""
        while part := line.recv(65536):
            answer += part
        assert b"/inside" in answer


@pytest.mark.parametrize(
    "place",
    ["169.254.169.254:80", "127.0.0.1:{other}", "localhost:{port}", "example.com:443", "[::1]:{port}", "127.1:{port}"],
)
def test_everything_else_is_refused_and_recorded(tmp_path, port, proxy, place):
    there = place.format(port=port, other=port + 1)
    with proxy.opened("b", tmp_path, frozenset({("127.0.0.1", port)})) as record:
        assert b" 200 " not in asks(tmp_path, f"CONNECT {there} HTTP/1.1").split(b"\r\n")[0]
        assert b" 200 " not in asks(tmp_path, f"GET http://{there}/ HTTP/1.1").split(b"\r\n")[0]
    assert record.reached == {}
    assert record.refused


def test_a_second_request_on_the_same_line_goes_nowhere(tmp_path, port, proxy):
    first = f"GET http://127.0.0.1:{port}/a HTTP/1.1\n\nGET http://127.0.0.1:{port}/b HTTP/1.1"
    with proxy.opened("b", tmp_path, frozenset({("127.0.0.1", port)})):
        answer = asks(tmp_path, first)
    assert b"/a" in answer
    assert b"/b" not in answer


@pytest.mark.parametrize(
    "head", ["POST http://127.0.0.1:1/ HTTP/1.1", "nonsense", "CONNECT 127.0.0.1 HTTP/1.1", "GET / HTTP/1.1"]
)
def test_what_is_no_way_out_is_refused(tmp_path, proxy, head):
    with proxy.opened("b", tmp_path, frozenset({("127.0.0.1", 1)})) as record:
        assert asks(tmp_path, head).startswith(b"HTTP/1.1 400")
    assert record.as_dict() == Record().as_dict()


def test_the_socket_is_gone_with_the_build(tmp_path, proxy):
    with proxy.opened("b", tmp_path, frozenset()):
        pass
    with socket.socket(socket.AF_UNIX) as line, pytest.raises(OSError, match=r"refused|No such file"):
        line.connect(str(tmp_path / SOCKET))


@pytest.mark.parametrize(
    "address", ["", "registry.example", "ftp://registry.example", "https://registry.example:99999"]
)
def test_an_address_that_cannot_be_a_registry_is_refused_in_words(address):
    with pytest.raises(NoRegistry) as refusal:
        place_of(address)
    assert "npm_registry" in refusal.value.next_step


def test_the_index_of_python_packages_is_what_pip_is_set_up_with():
    told = "  -i, --index-url <url>       Base URL of the index (default\n      https://packages.example/simple). More."
    assert python_of_machine(lambda _command: told) == "https://packages.example/simple"
    assert python_of_machine(lambda _command: "") == ""
