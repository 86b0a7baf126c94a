"""A browser in a sandbox looks at hostile pages: it hands back a picture or nothing, and reaches its own preview alone."""

from __future__ import annotations

import socketserver
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from tests.runtime.conftest import WAYS

from greenlane.kit.png import SIGNATURE
from greenlane.runtime.inside.picture import with_token
from greenlane.runtime.pictures import INSTALL, LIMITS, SIZE, NoPicture, Photographer
from greenlane.runtime.sandbox import Jailer

HOST = "d1--board.localhost:4180"
PAGE = "<!doctype html><title>Board</title><body style='background:#175e54'><h1>Vendors</h1>"


@dataclass
class Edge:
    """Answers as the edge would, and remembers what it was asked: host, path, token."""

    path: Path
    pages: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def says(self, page: str, status: int = 200, kind: str = "text/html") -> None:
        self.pages["/"] = lambda one: answer(one, page.encode(), status, kind)


def answer(one: BaseHTTPRequestHandler, body: bytes, status: int = 200, kind: str = "text/html") -> None:
    one.send_response(status)
    one.send_header("Content-Type", kind)
    one.send_header("Content-Length", str(len(body)))
    one.end_headers()
    one.wfile.write(body)


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    made = Edge(tmp_path / "edge.sock")
    made.says(PAGE)

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((self.headers["Host"], self.path, self.headers.get("Greenlane-Preview", "")))
            made.pages.get(self.path, lambda one: answer(one, b"nothing", 404))(self)

        def address_string(self) -> str:
            return "sandbox"

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing."""

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Browsers hang up."""

    server = Server(str(made.path), Answers)
    made.path.chmod(0o666)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def jailer(request: pytest.FixtureRequest) -> Jailer:
    """As in the runtime process; how a sandbox's command is started is tried elsewhere."""
    return request.getfixturevalue(WAYS[-1])


@pytest.fixture
def photographer(jailer: Jailer, edge: Edge, tmp_path: Path) -> Photographer:
    return Photographer(jailer, tmp_path / "pictures", edge.path)


def is_picture(data: bytes) -> bool:
    return data.startswith(SIGNATURE) and struct.unpack(">II", data[16:24]) == SIZE


def test_a_page_is_pictured_with_the_token_of_its_preview_alone(photographer: Photographer, edge: Edge) -> None:
    assert is_picture(photographer.take(HOST, "the-token"))
    assert {host for host, _path, _token in edge.asked} == {HOST}
    assert {token for _host, _path, token in edge.asked} == {"the-token"}


def test_a_page_reaches_no_file_no_network_and_no_other_app(photographer: Photographer, edge: Edge) -> None:
    tried = (
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data",
        "http://d2--crm.localhost:4180/",
        "http://localhost:4180/",
        "http://127.0.0.1:8080/",
        "https://example.com/",
        "http://[::1]:8080/",
    )
    # What a request comes to is told to the page's own host, which the bridge lets through.
    edge.says(
        PAGE
        + f"<script>for (const one of {list(tried)!r}) fetch(one, {{mode: 'no-cors'}})"
        + ".then(() => fetch('/reached?' + encodeURIComponent(one)), () => fetch('/refused'))</script>"
        + "<img src='http://d2--crm.localhost:4180/logo.png'><iframe src='file:///etc/passwd'></iframe>"
        + "<script>new WebSocket('ws://d2--crm.localhost:4180/')</script>"
    )
    assert is_picture(photographer.take(HOST, "t"))
    assert {host for host, _path, _token in edge.asked} == {HOST}
    assert [path for _host, path, _token in edge.asked if path.startswith("/reached")] == []
    assert "/refused" in [path for _host, path, _token in edge.asked], "it did try"


def test_a_page_that_never_ends_loading_is_pictured_as_it_is(photographer: Photographer, edge: Edge) -> None:
    over = threading.Event()
    edge.pages["/slow.js"] = lambda one: (over.wait(60), None)[1]
    edge.says(PAGE + "<img src=/slow.js>")
    began = time.monotonic()
    assert is_picture(photographer.take(HOST, "t"))
    over.set()
    assert time.monotonic() - began < LIMITS.seconds


def test_a_page_whose_script_never_rests_has_no_picture(jailer: Jailer, edge: Edge, tmp_path: Path) -> None:
    hurried = Photographer(jailer, tmp_path / "hurried", edge.path, limits=replace(LIMITS, seconds=8.0))
    edge.says(PAGE + "<script>while (true) {}</script>")
    with pytest.raises(NoPicture, match="never came to rest"):
        hurried.take(HOST, "t")
    assert list((tmp_path / "hurried").iterdir()) == []


def test_a_page_without_end_is_cut_off(jailer: Jailer, edge: Edge, tmp_path: Path) -> None:
    def endless(one: BaseHTTPRequestHandler) -> None:
        one.send_response(200)
        one.send_header("Content-Type", "text/html")
        one.end_headers()
        one.wfile.write(PAGE.encode())
        try:
            for _ in range(4096):
                one.wfile.write(b"<p>" + b"x" * 262_144)
        except OSError:
            return

    edge.pages["/"] = endless
    narrow = Photographer(jailer, tmp_path / "narrow", edge.path, limits=replace(LIMITS, seconds=25.0))
    began = time.monotonic()
    with suppress(NoPicture):  # how far the browser comes with it depends on the machine; that it ends does not
        assert is_picture(narrow.take(HOST, "t"))
    assert time.monotonic() - began < 40.0


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [(500, "text/html", "status 500"), (401, "text/html", "status 401"), (200, "application/json", "is no page")],
)
def test_what_is_no_page_is_told_without_opening_a_browser(
    photographer: Photographer, edge: Edge, status: int, kind: str, says: str
) -> None:
    edge.says("{}", status, kind)
    with pytest.raises(NoPicture, match=says):
        photographer.take(HOST, "t")
    assert len(edge.asked) == 1


def test_what_a_broken_browser_hands_back_is_never_believed(jailer: Jailer, edge: Edge, tmp_path: Path) -> None:
    for number, script in enumerate(
        (
            "printf '<html><script>alert(1)</script>' > /run/app/picture.png",
            "ln -s /etc/passwd /run/app/picture.png",
            "mkfifo /run/app/picture.png",
            "head -c 20000000 /dev/zero > /run/app/picture.png",
            "mkdir /run/app/picture.png",
            "true",
        )
    ):
        program = Path("/usr/local/bin") / f"greenlane-test-browser-{number}"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        try:
            broken = Photographer(jailer, tmp_path / "broken", edge.path, found=lambda program=program: program)
            with pytest.raises(NoPicture):
                broken.take(HOST, "t")
        finally:
            program.unlink()


def test_without_a_browser_it_says_what_to_install(jailer: Jailer, edge: Edge, tmp_path: Path) -> None:
    blind = Photographer(jailer, tmp_path / "blind", edge.path, found=lambda: None)
    assert blind.cannot() == INSTALL
    with pytest.raises(NoPicture):
        blind.take(HOST, "t")
    assert edge.asked == []


def test_the_bridge_adds_the_token_to_requests_for_the_one_host() -> None:
    head = b"GET / HTTP/1.1\r\nHost: a.localhost\r\nConnection: keep-alive\r\nGreenlane-Preview: mine\r\n\r\n"
    made = with_token(head, b"A.localhost", b"ours")
    assert made.count(b"Greenlane-Preview: ours") == 1
    assert b"mine" not in made
    assert b"Connection: close" in made
    assert with_token(head, b"b.localhost", b"ours") == b""
    twice = head.replace(b"Host: a.localhost", b"Host: a.localhost\r\nHost: b.localhost")
    assert with_token(twice, b"a.localhost", b"ours") == b""
    upgrade = head.replace(b"keep-alive", b"Upgrade\r\nUpgrade: websocket")
    assert b"Connection: Upgrade" in with_token(upgrade, b"a.localhost", b"ours")
