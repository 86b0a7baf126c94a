"""What control says reaches every answer at once; what it stops saying is served on."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from tests.edge.conftest import SITE, World, furnish

from greenlane.edge import saved

HOST = "open.localhost"


def test_a_thousand_publishes_never_mix_two_deploys(world: World) -> None:
    world.deploy("dgreen", {"index.html": b"green " * 2000})
    world.deploy("dblue", {"index.html": b"blue " * 2000})
    entries = {name: world.host(HOST, name) for name in ("dgreen", "dblue")}
    world.change(deploys=world.table["deploys"], hosts={HOST: entries["dblue"]})
    mixed: list[tuple[str, bytes]] = []
    counts = {"dgreen": 0, "dblue": 0}
    over = threading.Event()

    def load() -> None:
        connection = world.connect()
        while not over.is_set():
            connection.request("GET", "/", headers={"Host": HOST})
            answer = connection.getresponse()
            body, deploy = answer.read(), answer.headers["Greenlane-Deploy"]
            counts[deploy] += 1
            word = b"green " if deploy == "dgreen" else b"blue "
            passport = entries[deploy]["passport"]
            if body != word * 2000 or answer.headers["Greenlane-Passport"] != passport or answer.status != 200:
                mixed.append((deploy, body[:20]))
        connection.close()

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(1000):
        name = ("dgreen", "dblue")[number % 2]
        world.change(hosts={HOST: entries[name]})
        if number % 100 == 0:
            assert world.get(HOST).headers["Greenlane-Deploy"] == name
    over.set()
    for thread in threads:
        thread.join()
    assert mixed == []
    assert min(counts.values()) > 10


def test_an_acknowledged_publish_is_what_the_next_request_sees(world: World) -> None:
    for number in range(50):
        name = f"dnew{number}"
        world.deploy(name, {"index.html": f"version {number}".encode()})
        world.change(deploys=world.table["deploys"], hosts={HOST: world.host(HOST, name)})
        assert world.get(HOST).text == f"version {number}"


def test_a_dropped_host_is_gone(world: World) -> None:
    assert world.get(HOST).status == 200
    world.change(drop={"hosts": [HOST]})
    assert world.get(HOST).status == 404


def test_the_feed_is_taken_up_again(world: World) -> None:
    world.call(world.control.stop_feed())
    assert world.get(HOST).status == 200
    world.table["version"] += 1
    world.table["hosts"][HOST] = {**world.table["hosts"][HOST], "state": "asleep"}
    world.call(world.control.stop_console())
    world.call(world.control.start())
    world.call(world.control.until(lambda: world.table["version"] in world.control.acknowledged))
    assert world.get(HOST).status == 503


@pytest.mark.parametrize(
    "nonsense",
    [
        b"not json\n",
        b"[]\n",
        b"{}\n",
        b'{"type":"table"}\n',
        b'{"type":"table","table":{"version":2}}\n',
        b"\xff\n",
        b'{"type":"change","version":"x"}\n',
        b'{"type":"change","version":9,"set":{"hosts":{"a":{}}}}\n',
    ],
)
def test_nonsense_from_control_changes_nothing_and_asks_anew(world: World, nonsense: bytes) -> None:
    before = world.control.connections
    world.loop.call_soon_threadsafe(world.control.tell_raw, nonsense)
    world.call(world.control.until(lambda: world.control.connections > before))
    assert world.get(HOST).status == 200
    world.change(hosts={HOST: {**world.table["hosts"][HOST], "state": "asleep"}})
    assert world.get(HOST).status == 503


def test_a_header_cannot_be_smuggled_through_the_table(world: World) -> None:
    before = world.control.connections
    entry = {**world.table["hosts"][HOST], "csp": "default-src 'self'\r\nSet-Cookie: x"}
    message = {"type": "change", "version": 99, "set": {"hosts": {HOST: entry}}, "drop": {}}
    world.loop.call_soon_threadsafe(world.control.tell, message)
    world.call(world.control.until(lambda: world.control.connections > before))
    assert "Set-Cookie" not in world.get(HOST).headers


def test_the_last_table_is_kept_for_a_start_without_control(world: World) -> None:
    cookie = world.sign_in("board.localhost")
    file = world.folder / "edge" / "table.json"
    world.call(world.edge.stop())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_bytes())["version"] == 1
    world.call(world.control.stop_feed())
    world.start_edge()
    assert world.get(HOST).body == SITE["index.html"]
    assert world.get("board.localhost", Cookie=cookie).status == 503


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"version": 1}', b'{"version": 1, "hosts": {"a": 1}}'])
def test_a_broken_table_on_the_disk_is_not_believed(tmp_path: Path, broken: bytes) -> None:
    world = World(tmp_path)
    furnish(world)
    saved.save(world.options.folder, broken)
    world.start_edge()
    assert world.get(HOST).status == 503
    world.call(world.control.start())
    world.call(world.control.until(lambda: 1 in world.control.acknowledged))
    assert world.get(HOST).status == 200
    world.stop()


def test_control_killed_in_the_middle_costs_no_app_a_request(tmp_path: Path) -> None:
    world = World(tmp_path)
    furnish(world)
    (world.run / "table-for-control.json").write_text(json.dumps(world.table))

    def spawn() -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("control_for_tests.py")), str(world.run)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
        return child

    child = spawn()
    world.start_edge()
    begun = time.monotonic()
    while world.get(HOST).status != 200:
        assert time.monotonic() - begun < 20
    cookie = world.sign_in("board.localhost")
    answers: list[int] = []
    over = threading.Event()

    def load() -> None:
        connection = world.connect()
        while not over.is_set():
            for host, fields in ((HOST, {}), ("board.localhost", {"Cookie": cookie})):
                connection.request("GET", "/", headers={"Host": host, **fields})
                answer = connection.getresponse()
                answer.read()
                answers.append(answer.status)
        connection.close()

    thread = threading.Thread(target=load)
    thread.start()
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert child.stdout
    child.stdout.close()
    assert world.get("localhost:4180").status == 503
    child = spawn()
    begun = time.monotonic()
    while world.get("localhost:4180").status != 200:
        assert time.monotonic() - begun < 20
    over.set()
    thread.join()
    assert set(answers) == {200}
    child.kill()
    child.wait()
    assert child.stdout
    child.stdout.close()
    world.call(world.control.start())
    world.stop()


def test_wishes_of_pages_reach_control_once(world: World) -> None:
    def report(body: object, host: str = HOST, raw: bytes | None = None) -> int:
        data = raw if raw is not None else json.dumps(body).encode()
        return world.ask("POST", host, "/.greenlane/csp-report", data, Content_Type="application/csp-report").status

    old = {"csp-report": {"effective-directive": "connect-src", "blocked-uri": "https://api.example.com/v1?key=secret"}}
    new = [{"type": "csp-violation", "body": {"effectiveDirective": "script-src-elem", "blockedURL": "inline"}}]
    for _ in range(5):
        assert report(old) == 204
        assert report(new) == 204
    for nonsense in ({}, [], 3, {"csp-report": 1}, {"csp-report": {"effective-directive": 1, "blocked-uri": "x"}}):
        assert report(nonsense) == 204
    assert report({"csp-report": {"effective-directive": "img-src; x", "blocked-uri": "https://a.test"}}) == 204
    assert report({"csp-report": {"effective-directive": "img-src", "blocked-uri": "https://[::1"}}) == 204
    assert report(None, raw=b"{") == 204
    assert report(None, raw=b" " * 17_000) == 413
    assert report(old, "board.localhost") == 401
    assert world.get(HOST, "/.greenlane/csp-report").status == 404
    world.call(world.control.until(lambda: len(world.control.wanted) >= 2))
    wanted = {(one["deploy"], one["directive"], one["host"]) for one in world.control.wanted}
    assert wanted == {("d1aaaaaaa", "connect-src", "api.example.com"), ("d1aaaaaaa", "script-src-elem", "inline")}
    assert len(world.control.wanted) == 2


def test_page_views_are_counted_by_app_and_visitor(world: World) -> None:
    cookie = world.sign_in("board.localhost")
    connection = world.connect()
    for _ in range(7):
        connection.request("GET", "/", headers={"Host": "board.localhost", "Cookie": cookie})
        connection.getresponse().read()
    connection.close()
    world.get(HOST)
    world.get(HOST, "/about")
    world.get(HOST, "/style.css")
    world.get(HOST, "/nothing")
    world.ask("HEAD", HOST, "/")
    world.get("board.localhost")
    world.sink.broken = True
    world.call(world.edge._flush(timedelta()))
    assert world.sink.views == []
    world.sink.broken = False
    world.get(HOST)
    world.call(world.edge.stop())
    counted: dict[tuple[str, str, str], int] = {}
    for view in world.sink.views:
        key = (view.app, view.environment, view.who)
        counted[key] = counted.get(key, 0) + view.count
    assert counted == {("board", "production", "p_ada"): 7, ("open", "production", "public"): 3}
    assert world.sink.closed
    world.start_edge()
