"""The way out of a sandbox: closed unless declared, never inside, and every refusal in words."""

from __future__ import annotations

import asyncio
import contextlib
import json
import stat
import time
from pathlib import Path

import pytest
from tests.runtime.egress.conftest import BOARD, Outside, ask, connect, dial

from greenlane.ledger.journal import records
from greenlane.runtime.egress.policy import Sandbox

ANSWER = b"hello"


def get(path: Path, url: str, *fields: str) -> bytes:
    lines = "".join(f"{field}\r\n" for field in fields)
    return ask(path, f"GET {url} HTTP/1.1\r\nHost: whatever.example\r\n{lines}\r\n".encode())


def code(answer: bytes) -> str:
    """The refusal's code, as the answer says it to programs."""
    return answer.partition(b"details=")[2].partition(b"\r\n")[0].decode()


def refusal(path: Path, place: str) -> str:
    """The code of what is said instead of a tunnel."""
    line, head = connect(path, place)
    line.close()
    return code(head)


# Declared hosts.


def test_a_declared_host_is_reached_by_a_tunnel(outside: Outside) -> None:
    place = outside.knows("api.example.com")
    line, head = connect(outside.open(BOARD, place), place)
    assert head.startswith(b"HTTP/1.1 200 ")
    line.sendall(b"over the tunnel")
    assert line.recv(100).endswith(ANSWER)
    assert bytes(outside.net.heard) == b"over the tunnel"
    line.close()


def test_a_declared_host_is_reached_by_a_request_in_absolute_form(outside: Outside) -> None:
    place = outside.knows("api.example.com")
    answer = get(
        outside.open(BOARD, place),
        f"http://{place}/x?y=1",
        "Proxy-Authorization: secret",
        "Connection: x-hop",
        "X-Hop: 1",
        "X-Own: 2",
    )
    assert answer.endswith(ANSWER)
    heard = bytes(outside.net.heard)
    assert heard.startswith(b"GET /x?y=1 HTTP/1.1\r\nHost: " + place.encode() + b"\r\n")
    assert b"X-Own: 2\r\n" in heard
    assert b"Connection: close\r\n" in heard
    for dropped in (b"secret", b"X-Hop", b"whatever.example"):
        assert dropped not in heard


def test_bodies_pass_by_length_and_in_chunks_and_not_a_byte_more(outside: Outside) -> None:
    place = outside.knows("api.example.com")
    path = outside.open(BOARD, place)
    outside.net.answers = b""
    smuggled = b"GET http://other.example/ HTTP/1.1\r\nHost: other.example\r\n\r\n"
    for framing, body, sent in (
        (b"Content-Length: 4", b"data", b"data"),
        (
            b"Transfer-Encoding: chunked",
            b"2;x=y\r\nda\r\n2\r\nta\r\n0\r\nTrailer: x\r\n\r\n",
            b"2\r\nda\r\n2\r\nta\r\n0\r\n\r\n",
        ),
    ):
        outside.net.heard.clear()
        with dial(path) as line:
            line.sendall(b"POST http://%b/ HTTP/1.1\r\n%b\r\n\r\n%b%b" % (place.encode(), framing, body, smuggled))
            deadline = time.monotonic() + 10
            while (
                sent not in outside.net.heard.replace(b"4\r\ndata\r\n", b"2\r\nda\r\n2\r\nta\r\n")
                and time.monotonic() < deadline
            ):
                time.sleep(0.01)
        said = bytes(outside.net.heard).partition(b"\r\n\r\n")[2].replace(b"4\r\ndata\r\n", b"2\r\nda\r\n2\r\nta\r\n")
        assert said == sent
        assert b"smuggled" not in said
        assert outside.net.looked_up == ["api.example.com"] * len(outside.net.looked_up)


@pytest.mark.parametrize(
    ("declared", "asked", "said"),
    [
        ("api.example.com", "api.example.com:443", "reached"),
        ("api.example.com", "api.example.com:80", "reached"),
        ("api.example.com", "API.Example.COM:443", "reached"),
        ("api.example.com", "api.example.com.:443", "reached"),
        ("*.example.com", "a.b.example.com:443", "reached"),
        ("api.example.com:8443", "api.example.com:8443", "reached"),
        ("*.example.com:8443", "x.example.com:8443", "reached"),
        ("api.example.com", "api.example.com:8443", "port"),
        ("api.example.com", "api.example.com:22", "port"),
        ("api.example.com:8443", "api.example.com:443", "undeclared"),
        ("*.example.com", "example.com:443", "undeclared"),
        ("*.example.com", "evilexample.com:443", "undeclared"),
        ("api.example.com", "api.example.com.evil.test:443", "undeclared"),
        ("api.example.com", "other.example.com:443", "undeclared"),
        ("api.example.com", "93.184.216.34:443", "not-a-name"),
        ("api.example.com", "[2606:2800:220:1::1]:443", "not-a-name"),
        ("api.example.com", "2130706433:443", "not-a-name"),
        ("api.example.com", "0x7f000001:443", "not-a-name"),
        ("api.example.com", "0x7f.0.0.1:443", "not-a-name"),
        ("api.example.com", "127.1:443", "not-a-name"),
        ("api.example.com", "localhost:443", "not-a-name"),
        ("*.example.com", "*.example.com:443", "not-a-request"),
        ("api.example.com", "api.example.com:0", "not-a-request"),
        ("api.example.com", "api.example.com:99999", "not-a-request"),
        ("api.example.com", "api.example.com", "not-a-request"),
        ("api.example.com", "user@api.example.com:443", "not-a-request"),
    ],
)  # fmt: skip
def test_only_what_was_declared_is_asked_for(outside: Outside, declared: str, asked: str, said: str) -> None:
    path = outside.open(BOARD, declared)
    line, head = connect(path, asked)
    line.close()
    if said == "reached":  # the made-up name is looked up: the policy has let it through
        assert code(head) == "unknown-name"
        assert outside.net.looked_up
    else:
        assert code(head) == said
        assert not outside.net.looked_up


def test_a_refusal_is_said_in_words_where_programs_show_them(outside: Outside) -> None:
    line, head = connect(outside.open(), "api.example.com:443")
    line.close()
    assert head.startswith(b"HTTP/1.1 403 board may not call api.example.com.\r\n")
    answer = get(outside.open(), "http://api.example.com/")
    assert b"greenlane hosts add board api.example.com --for server" in answer


def test_what_one_app_declared_another_cannot_use(outside: Outside) -> None:
    outside.process.tell({"board": ["api.example.com"], "desk": []})
    desk = outside.process.open(Sandbox("desk-production", "desk", "production", "d2"))
    assert refusal(desk, "api.example.com:443") == "undeclared"


def test_what_is_declared_for_staging_production_cannot_use(outside: Outside) -> None:
    place = outside.knows("api.example.com")
    outside.process.tell({"board/staging": [place]})
    staging = outside.process.open(Sandbox("board-staging", "board", "staging", "d1"))
    line, head = connect(staging, place)
    line.close()
    assert head.startswith(b"HTTP/1.1 200 ")
    answer = get(outside.process.open(BOARD), f"http://{place}/")
    assert b"board may call api.example.com in staging, and not in production." in answer
    assert b"--environment production" in answer


def test_a_host_taken_back_is_cut_at_once(outside: Outside) -> None:
    place = outside.knows("api.example.com")
    outside.net.stays = True
    path = outside.open(BOARD, place)
    line, head = connect(path, place)
    assert head.startswith(b"HTTP/1.1 200 ")
    assert outside.process.tell({"board": []})
    assert line.recv(100) == b""
    line.close()
    assert refusal(path, place) == "undeclared"


# What lies inside.


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200",
        "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.88.99.1",
        "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "100::1",
        "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::ffff:0:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::808:808",
        "2002:7f00:1::", "2002:808:808::1", "2001:0:808:808::1", "fe80::1%lo",
    ],
)  # fmt: skip
def test_a_name_that_leads_inside_is_not_followed(strict: Outside, address: str) -> None:
    strict.knows("api.example.com", address)
    path = strict.open(BOARD, "api.example.com")
    assert refusal(path, "api.example.com:443") == "inside"
    assert code(get(path, "http://api.example.com/")) == "inside"


def test_one_address_inside_among_others_is_enough(strict: Outside) -> None:
    strict.knows("api.example.com", "93.184.216.34", "10.0.0.1")
    assert refusal(strict.open(BOARD, "api.example.com"), "api.example.com:443") == "inside"


def test_a_name_that_changes_between_looks_leads_nowhere(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address that was judged is dialled: nobody looks the name up a second time."""
    place = outside.knows("api.example.com")
    dialled: list[str] = []
    real = asyncio.open_connection

    async def note(host: str, port: int, **more: object) -> object:
        dialled.append(host)
        outside.net.names["api.example.com"] = ["10.0.0.1"]
        return await real(host, port, **more)

    monkeypatch.setattr(asyncio, "open_connection", note)
    line, head = connect(outside.open(BOARD, place), place)
    line.close()
    assert head.startswith(b"HTTP/1.1 200 ")
    assert (dialled, outside.net.looked_up) == (["127.0.0.1"], ["api.example.com"])


def test_an_allowed_network_is_reached_and_its_disguises_are_not(outside: Outside) -> None:
    outside.knows("api.example.com", "::ffff:127.0.0.1")
    assert refusal(outside.open(BOARD, "api.example.com"), "api.example.com:443") == "inside"


# What is no request.


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
        b"GET https://api.example.com/ HTTP/1.1\r\n\r\n",
        b"GET ftp://api.example.com/ HTTP/1.1\r\n\r\n",
        b"GET file:///etc/passwd HTTP/1.1\r\n\r\n",
        b"GET http://user:pass@api.example.com/ HTTP/1.1\r\n\r\n",
        b"GET http://api.example.com\\@evil.test/ HTTP/1.1\r\n\r\n",
        b"GET http://api.example.com:x/ HTTP/1.1\r\n\r\n",
        b"GET http://[::1/ HTTP/1.1\r\n\r\n",
        b"GET http:///x HTTP/1.1\r\n\r\n",
        b"GET http://api.example.com/ HTTP/2.0\r\n\r\n",
        b"GET http://api.example.com/ HTTP/1.1\nHost: x\r\n\r\n",
        b"GET http://api.example.com/ HTTP/1.1\r\nBad Field: x\r\n\r\n",
        b"GET http://api.example.com/ HTTP/1.1\r\nX: a\rb\r\n\r\n",
        b"GET http://api.example.com/ HTTP/1.1\r\nX: a\r\n folded\r\n\r\n",
        b"POST http://api.example.com/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST http://api.example.com/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST http://api.example.com/ HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST http://api.example.com/ HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
        b"CONNECT http://api.example.com:443 HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
        b"GET http://api.example.com/ HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"x" * 200_000 + b"\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(outside: Outside, said: bytes) -> None:
    outside.knows("api.example.com")
    assert code(ask(outside.open(BOARD, "api.example.com"), said)) in ("not-a-request", "not-a-name")
    assert not outside.net.looked_up


# Limits.


def test_connections_are_counted(tight: Outside) -> None:
    place = tight.knows("api.example.com")
    path = tight.open(BOARD, place)
    lines = [connect(path, place)[0] for _ in range(3)]
    assert refusal(path, place) == "crowded"
    for line in lines:
        line.close()


def test_one_connection_too_many_is_heard_out_before_its_refusal(tight: Outside) -> None:
    place = tight.knows("api.example.com")
    path = tight.open(BOARD, place)
    lines = [connect(path, place)[0] for _ in range(3)]
    with dial(path) as late:
        late.settimeout(0.3)
        with pytest.raises(TimeoutError):
            late.recv(1)
        late.settimeout(5)
        late.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
        assert late.recv(12) == b"HTTP/1.1 429"
    for line in lines:
        line.close()


def test_who_does_not_say_what_they_want_is_let_go(tight: Outside) -> None:
    assert code(ask(tight.open(), b"CONNECT ")) == "slow"


def test_a_connection_on_which_nothing_moves_is_cut(tight: Outside) -> None:
    place = tight.knows("api.example.com")
    tight.net.stays, tight.net.answers = True, b""
    line, head = connect(tight.open(BOARD, place), place)
    assert head.startswith(b"HTTP/1.1 200 ")
    assert line.recv(10) == b""
    line.close()


def test_bytes_are_counted_by_day(tight: Outside) -> None:
    place = tight.knows("api.example.com")
    tight.net.stays = True
    path = tight.open(BOARD, place)
    line, _ = connect(path, place)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(100):
            line.sendall(b"x" * 10_000)
            time.sleep(0.005)
    line.close()
    assert refusal(path, place) == "too-much"
    assert len(tight.net.heard) <= 200_000


# The record.


def test_what_was_used_is_counted_and_kept_in_the_journal(outside: Outside) -> None:
    place = outside.knows("api.example.com")
    path = outside.open(BOARD, place)
    get(path, f"http://{place}/")
    connect(path, "other.example.com:443")[0].close()
    connect(path, "other.example.com:443")[0].close()
    used = {(one["host"], one["outcome"], one["why"]): one for one in outside.process.used(BOARD.name)}
    allowed = used["api.example.com", "allowed", ""]
    assert (allowed["times"], allowed["port"]) == (1, outside.net.port)
    assert allowed["received"] == len(outside.net.answers)
    assert allowed["sent"] == len(outside.net.heard)
    assert used["other.example.com", "refused", "undeclared"]["times"] == 2
    outside.call(_seal(outside))
    sealed = next((outside.folder / "egress-journal").glob("*.sealed"))
    kept = [json.loads(one) for one in records(sealed.read_bytes())]
    assert {(one["kind"], one["app"], one["environment"], one["deploy"]) for one in kept} == {
        ("egress", "board", "production", "d1aaaaaaa")
    }
    assert sum(one["times"] for one in kept) == 3


async def _seal(outside: Outside) -> None:
    outside.egress._write()
    outside.egress._journal.seal()


def test_made_up_names_do_not_fill_the_record(outside: Outside) -> None:
    path = outside.open(BOARD, "*.example.com")
    for number in range(520):
        connect(path, f"x{number}.evil.test:443")[0].close()
    used = outside.process.used(BOARD.name)
    assert len(used) == 501
    assert sum(one["times"] for one in used) == 520
    assert next(one for one in used if one["host"] == "(others)")["times"] == 20


# Its life.


def test_each_sandbox_has_a_socket_that_ends_with_it(outside: Outside) -> None:
    path = outside.open()
    assert stat.S_IMODE(outside.options.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert outside.process.close(BOARD.name) == []
    assert not path.exists()
    with pytest.raises(FileNotFoundError):
        dial(path)


def test_a_restart_goes_on_with_what_was_told(outside: Outside) -> None:
    place = outside.knows("api.example.com")
    path = outside.open(BOARD, place)
    outside.stop()
    outside.start()
    assert get(path, f"http://{place}/").endswith(ANSWER)
    assert not outside.process.tell({"board": [place]}), "it knew them still"


def test_what_was_told_that_makes_no_sense_is_refused_and_changes_nothing(outside: Outside) -> None:
    place = outside.knows("api.example.com")
    path = outside.open(BOARD, place)
    for said in (
        b"nonsense",
        b"[]",
        b'{"ask": "fly"}',
        b'{"ask": "open", "name": "../../x", "app": "a", "environment": "e", "deploy": "d"}',
    ):
        with dial(outside.options.socket) as line:
            line.sendall(said + b"\n")
            assert b"refused" in line.recv(1000)
    assert get(path, f"http://{place}/").endswith(ANSWER)


def test_a_build_reaches_the_registries_that_it_was_given_and_nothing_else(strict: Outside) -> None:
    place = strict.knows("packages.internal")
    build = Sandbox("build-1", "board", "preview", "b1", "build", (place,))
    path = strict.process.open(build)
    assert get(path, f"http://{place}/simple/").endswith(ANSWER), "the settings name it, so it may lie inside"
    assert refusal(path, "api.example.com:443") == "not-a-registry"
    assert refusal(path, f"packages.internal:{strict.net.port + 1}") == "not-a-registry"
    used = {(one["host"], one["outcome"]): one["times"] for one in strict.process.close("build-1")}
    assert used["packages.internal", "allowed"] == 1
    assert used["api.example.com", "refused"] == 1


def test_a_new_owner_of_sandboxes_closes_the_ways_out_of_those_that_died_with_the_one_before(outside: Outside) -> None:
    died = outside.process.open(BOARD)
    build = outside.process.open(Sandbox("bld_1", "board", "preview", "up_1", "build", ("packages.example:443",)))
    outside.process.begin("run")
    assert not died.exists()
    assert build.exists(), "builds have another owner"
    again = outside.process.open(BOARD)
    line, head = connect(again, "nobody.invalid:443")
    line.close()
    assert head.startswith(b"HTTP/1.1 403")
