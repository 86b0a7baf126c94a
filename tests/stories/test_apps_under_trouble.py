"""kill -9 of an app, of each process and of all of them, under visitors' traffic: nobody is told of an error."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal, Typist, bare_environment

pytestmark = pytest.mark.xdist_group("trouble")

PATIENCE = 5.0
"""Seconds that no visitor waits longer than, on a machine on which an app wakes within one."""

ASGI = """
import asyncio, os
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = " ".join(("asgi is here", os.environ.get("KEY", "-"), os.environ.get("KEY_PREVIOUS", "-"))).encode()
    body = b"" if scope["method"] == "HEAD" else body
    while scope["method"] == "POST" and (await receive()).get("more_body"):
        pass
    if scope["path"] == "/slow":
        await asyncio.sleep(0.3)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
"""
WSGI = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"wsgi is here"]
"""
FUNCTION = """
export const config = { path: "/hello/:name" };
export default async (_: Request, context: any): Promise<Response> => new Response(`function for ${context.params.name}`);
"""


class Seen(NamedTuple):
    """What one visitor got: a status, or what broke; and how long it took."""

    app: str
    status: int
    text: str
    seconds: float


class Door(NamedTuple):
    """Where visitors come in."""

    host: str
    port: int

    def ask(self, app: str, path: str, method: str = "GET", accept: str = "*/*") -> Seen:
        """One visit on a connection of its own."""
        began = time.monotonic()
        connection = HTTPConnection(self.host, self.port, timeout=60)
        try:
            fields = {"Host": f"{app}.localhost:{self.port}", "Accept": accept}
            connection.request(method, path, b"x" * 100 if method == "POST" else None, fields)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
            return Seen(app, answer.status, text, time.monotonic() - began)
        except (OSError, HTTPException) as error:
            return Seen(app, 0, repr(error), time.monotonic() - began)
        finally:
            connection.close()


class Visitors:
    """People and programs who come again and again, to each app."""

    def __init__(self, door: Door, places: Sequence[tuple[str, str, str, str]]) -> None:
        self.seen: list[Seen] = []
        self.crowd = len(places)
        self._door = door
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._come, args=one) for one in places]

    def _come(self, app: str, path: str, method: str, accept: str) -> None:
        while not self._over.is_set():
            self.seen.append(self._door.ask(app, path, method, accept))
            self._over.wait(0.01)

    def __enter__(self) -> Visitors:
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        for one in self._threads:
            one.join()

    def served(self, app: str) -> int:
        """How many were answered by the app itself."""
        return sum(one.app == app and one.status == 200 for one in self.seen)

    @property
    def trouble(self) -> list[Seen]:
        """Who was told of an error."""
        return [one for one in self.seen if one.status != 200]

    @property
    def longest(self) -> float:
        return max(one.seconds for one in self.seen)


class World(NamedTuple):
    """A Greenlane with three kinds of apps that everybody may open."""

    greenlane: Running
    owner: Terminal
    asgi: str
    wsgi: str
    function: str
    patience: float

    @property
    def door(self) -> Door:
        return Door("127.0.0.1", self.greenlane.port)

    def visitors(self) -> Visitors:
        """Programs and browsers, reading all three."""
        every = ((self.asgi, "/"), (self.asgi, "/slow"), (self.wsgi, "/x"), (self.function, "/hello/ada"))
        browser = "text/html,application/xhtml+xml,*/*;q=0.8"
        return Visitors(
            self.door,
            [(app, path, "GET", accept) for app, path in every for accept in ("*/*", browser)]
            + [(self.asgi, "/", "HEAD", "*/*")],
        )

    def all_served_again(self, visitors: Visitors) -> None:
        """Each app answered somebody who came later than now."""
        for app in (self.asgi, self.wsgi, self.function):
            before = visitors.served(app)
            until(lambda app=app, before=before: visitors.served(app) > before + 5, f"{app} to be there", 60)


def publish(owner: Terminal, folder: Path, name: str, files: dict[str, str]) -> str:
    """An app for everybody, built from source."""
    for path, text in files.items():
        (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / name / path).write_text(text)
    owner.does("deploy", folder / name, "--app", name)
    request = owner.gets(4, "publish", name, "--audience", "public")["request"]
    owner.does("confirm", request, "--because", "it is meant for everybody")
    return name


def python(kind: str, text: str) -> dict[str, str]:
    return {
        "main.py": text,
        "requirements.txt": "",
        "greenlane.toml": f'[run]\nkind = "{kind}"\nentry = "main:app"\n',
    }


@pytest.fixture(scope="module")
def world(greenlane: Running, tmp_path_factory: pytest.TempPathFactory) -> World:
    owner, folder = greenlane.owner, tmp_path_factory.mktemp("apps")
    one = World(
        greenlane,
        owner,
        publish(owner, folder, "asgi-app", python("asgi", ASGI)),
        publish(owner, folder, "wsgi-app", python("wsgi", WSGI)),
        publish(owner, folder, "fun-app", {"functions/hello.ts": FUNCTION, "index.html": "<h1>hello</h1>"}),
        0.0,
    )
    woke = [one.door.ask(app, path) for app, path in ((one.asgi, "/"), (one.wsgi, "/"), (one.function, "/hello/x"))]
    assert [seen.status for seen in woke] == [200, 200, 200], woke
    return one._replace(patience=PATIENCE * max(1.0, *(seen.seconds for seen in woke)))


def sandboxes(greenlane: Running) -> list[int]:
    """The processes that the runtime started for apps."""
    runtime = greenlane.processes()["runtime"]
    found: list[int] = []
    for task in Path(f"/proc/{runtime}/task").iterdir():
        with suppress(OSError):  # a thread that ended this moment
            found += map(int, (task / "children").read_text().split())
    return found


def kill_apps(greenlane: Running) -> None:
    for pid in sandboxes(greenlane):
        with suppress(ProcessLookupError):  # the death of another one took it along
            os.kill(pid, signal.SIGKILL)


def killed(greenlane: Running, name: str) -> None:
    before = greenlane.kill(name)
    until(lambda: greenlane.processes().get(name, before) != before, f"another {name}")


def test_an_app_that_is_killed_comes_back_and_nobody_who_reads_is_told(world: World) -> None:
    with world.visitors() as visitors:
        world.all_served_again(visitors)
        kill_apps(world.greenlane)
        world.all_served_again(visitors)
    assert visitors.trouble == []
    assert visitors.longest < world.patience


@pytest.mark.parametrize("process", ["runtime", "egress", "builder", "control", "signer", "witness"])
def test_a_process_that_is_killed_under_running_apps_comes_back_and_nobody_is_told(world: World, process: str) -> None:
    with world.visitors() as visitors:
        world.all_served_again(visitors)
        killed(world.greenlane, process)
        world.all_served_again(visitors)
    assert visitors.trouble == []
    assert visitors.longest < world.patience
    until(world.greenlane.ready, "an answer from /readyz")


def test_who_comes_while_the_edge_is_started_again_waits_in_line(world: World) -> None:
    with world.visitors() as visitors:
        world.all_served_again(visitors)
        killed(world.greenlane, "edge")
        world.all_served_again(visitors)
    cut = [one for one in visitors.trouble if one.status == 0]
    assert visitors.trouble == cut, "nobody was told of an error"
    assert len(cut) <= visitors.crowd, "those alone were cut off whose request it was answering at that moment"
    assert not any("refused" in one.text for one in cut)
    assert visitors.longest < world.patience


def test_what_was_sent_to_an_app_that_is_killed_is_never_sent_twice_and_says_so(world: World) -> None:
    with Visitors(world.door, [(world.asgi, "/slow", "POST", "*/*")] * 4) as visitors:
        until(lambda: visitors.served(world.asgi) > 4, "the first answers", 60)
        kill_apps(world.greenlane)
        before = visitors.served(world.asgi)
        until(lambda: visitors.served(world.asgi) > before + 4, "the app to be there", 60)
    assert len(visitors.trouble) <= visitors.crowd
    for one in visitors.trouble:
        assert one.status == 502
        assert "It may have done a part of what you asked." in one.text
    assert visitors.longest < world.patience


def test_a_rotation_reaches_a_running_app_and_no_visitor_is_told_and_a_revocation_at_once(world: World) -> None:
    owner, app = world.owner, world.asgi
    place = ("KEY", "--app", app, "--environment", "production")
    writers = [(app, "/slow", "POST", "*/*")] * 2

    def says(text: str) -> Callable[[], bool]:
        return lambda: world.door.ask(app, "/").text == f"asgi is here {text}"

    with world.visitors() as visitors, Visitors(world.door, writers) as sending:
        world.all_served_again(visitors)
        owner.does("variables", "put", *place, stdin=b"the-first-value")
        until(says("the-first-value -"), "the first value", 60)
        owner.does("variables", "rotate", *place, "--hours", "1", stdin=b"the-second-value")
        until(says("the-second-value the-first-value"), "both values", 60)
        owner.does("variables", "remove", "KEY", *place[1:], "--version", "1")
        until(says("the-second-value -"), "the end of the first", 60)
    assert visitors.trouble == []
    assert [one for one in sending.trouble if one.status != 502] == []
    assert len(sending.trouble) <= sending.crowd, "by the removal alone, which ends the app at once"
    with world.visitors() as visitors:
        owner.does("variables", "revoke", "KEY", "--app", app)
        until(says("- -"), "the revocation", 60)
    assert visitors.trouble == []
    log = owner.types("logs", app).out
    assert "took over" in log
    assert "the-first-value" not in log


def test_a_build_that_is_killed_says_so_leaves_nothing_and_the_next_one_is_whole(world: World, tmp_path: Path) -> None:
    greenlane, owner = world.greenlane, world.owner
    files = python("asgi", ASGI)
    files["greenlane.toml"] = (
        '[build]\ncommand = "echo it has begun; touch half; sleep 600"\n' + files["greenlane.toml"]
    )
    folder = tmp_path / "source"
    folder.mkdir()
    for path, text in files.items():
        (folder / path).write_text(text)
    typing = owner.begins("deploy", folder, "--app", "half-built")
    until(lambda: "it has begun" in typing.printed + typing.logged, "the build", 60)
    rooms = greenlane.data / "builds" / "rooms"
    assert len(list(rooms.iterdir())) == 1
    killed(greenlane, "builder")
    ended = typing.ended()
    assert ended.code != 0
    assert "The builder was restarted while this was built." in ended.out + ended.err
    assert "Next: Deploy again." in ended.out + ended.err
    build = owner.does("builds", "half-built")["items"][0]
    assert build["state"] == "interrupted"
    assert owner.does("apps", "show", "half-built")["newest"] is None, "nothing half was deployed"
    (folder / "greenlane.toml").write_text('[build]\ncommand = "echo quick"\n' + python("asgi", ASGI)["greenlane.toml"])
    owner.does("deploy", folder, "--app", "half-built")
    assert list(rooms.iterdir()) == [], "what was left behind is taken away by then"
    assert owner.does("builds", "half-built")["items"][0]["state"] == "done"


def test_only_the_parent_killed_and_started_again_at_once(world: World) -> None:
    greenlane = world.greenlane
    greenlane.kill_the_parent()
    greenlane.start()  # it waits for the last process of its predecessor, which holds the folder
    for app, path in ((world.asgi, "/"), (world.wsgi, "/"), (world.function, "/hello/ada")):
        assert world.door.ask(app, path).status == 200
    assert world.owner.does("ledger", "verify")["ok"] is True


def test_a_second_one_on_the_same_folder_is_told_why_it_must_wait(world: World, typist: Typist, tmp_path: Path) -> None:
    typing = typist.begin(
        ("up", "--data", str(world.greenlane.data), "--port", "0"), bare_environment(tmp_path), tmp_path
    )
    until(lambda: "Waiting for another Greenlane" in typing.logged, "the reason")
    os.kill(typing.pid, signal.SIGTERM)
    typing.ended()
    assert world.greenlane.ready()


@pytest.fixture(scope="module")
def held(typist: Typist, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The same, with a socket that a service manager holds, as systemd does with `greenlane.socket`."""
    with tempfile.TemporaryDirectory(prefix="gl-") as short, socket.create_server(("127.0.0.1", 0)) as door:
        door.listen(1024)
        running = Running(typist, Path(short), door=door)
        owner, folder = running.owner, tmp_path_factory.mktemp("held")
        names = [publish(owner, folder, name, python(name, app)) for name, app in (("asgi", ASGI), ("wsgi", WSGI))]
        began = time.monotonic()
        running.stop()
        running.start()
        one = World(running, owner, names[0], names[1], names[0], 0.0)
        assert one.door.ask(one.asgi, "/").status == 200
        # How long all of that takes here; where it takes two seconds, nobody waits for five.
        yield one._replace(patience=max(PATIENCE, 2.5 * (time.monotonic() - began)))
        running.stop()


@pytest.mark.parametrize("end", [Running.stop, Running.kill_the_parent], ids=["stopped", "killed"])
def test_everything_is_started_again_under_visitors_and_nobody_is_told(
    held: World, end: Callable[[Running], object]
) -> None:
    with Visitors(held.door, [(held.asgi, "/", "GET", "*/*"), (held.wsgi, "/x", "GET", "*/*")]) as visitors:
        until(lambda: visitors.served(held.asgi) > 5 and visitors.served(held.wsgi) > 5, "the first answers", 60)
        end(held.greenlane)
        held.greenlane.start()
        before = visitors.served(held.asgi), visitors.served(held.wsgi)
        until(lambda: visitors.served(held.asgi) > before[0] + 5, "one app", 60)
        until(lambda: visitors.served(held.wsgi) > before[1] + 5, "the other", 60)
    cut = [one for one in visitors.trouble if one.status == 0]
    assert visitors.trouble == cut, "nobody was told of an error"
    assert len(cut) <= visitors.crowd, "those alone were cut off whose request was being answered at that moment"
    assert visitors.longest < held.patience
