"""Apps that sleep, fall and move while somebody asks."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from tests.edge.conftest import HTML, World
from tests.edge.running.apps import App, ok, shout, tunnel

from greenlane.edge.endpoints import Key, NotRunning, RuntimeProcess


def test_people_see_a_page_that_turns_into_the_app(world: World) -> None:
    world.runtime.places["calc"] = NotRunning("waking", "It starts.", "Wait.", wait=True)
    page = world.get("calc.localhost", "/deep?x=1", Accept=HTML)
    assert page.status == 503
    assert page.headers["Refresh"] == "1"
    assert page.headers["Cache-Control"] == "no-store"
    assert "the app is starting" in page.text
    assert 'href="/deep?x=1"' in page.text
    assert "<script" not in page.text
    app = App(world, "calc")
    app.says(ok("Content-Type: text/html", body=b"<p>here"))
    timer = threading.Timer(0.4, app.start)
    timer.start()
    begun = time.monotonic()
    assert world.get("calc.localhost", "/deep?x=1", Accept=HTML).body == b"<p>here", "the second request waits"
    assert time.monotonic() - begun > 0.2
    timer.join()
    app.stop()


def test_programs_wait_up_to_a_limit(world: World) -> None:
    world.runtime.places["calc"] = NotRunning("waking", "It starts.", "Wait.", wait=True)
    begun = time.monotonic()
    answer = world.get("calc.localhost")
    assert answer.problem["code"] == "starting"
    assert answer.headers["Retry-After"]
    assert time.monotonic() - begun >= 0.6


def test_why_an_app_does_not_run_is_said_in_the_runtimes_words(world: World) -> None:
    world.runtime.places["calc"] = NotRunning("crash-loop", "It ended three times.", "Look at its log.")
    problem = world.get("calc.localhost").problem
    assert (problem["code"], problem["detail"], problem["next_step"]) == (
        "crash-loop",
        "It ended three times.",
        "Look at its log.",
    )


def test_where_an_app_is_is_asked_once_until_it_is_gone(world: World, calc: App) -> None:
    for _ in range(5):
        assert world.get("calc.localhost").status == 200
    assert len(world.runtime.asked) == 1
    for number, method in enumerate(("GET", "POST")):
        calc.stop()
        calc.path = world.run / f"elsewhere-{number}.sock"
        calc.start()
        world.runtime.places["calc"] = calc.path
        body = b"x" if method == "POST" else None
        assert world.ask(method, "calc.localhost", "/", body).status == 200, "the restart was noticed by nobody"
        assert len(world.runtime.asked) == 2 + number


def test_the_runtime_hears_what_is_in_use(world: World, calc: App) -> None:
    world.get("calc.localhost")
    world.call(world.edge._running.tell())
    assert world.runtime.noted == {Key("calc", "production", "d1aaaaaaa")}
    calc.script = shout
    peer, _ = tunnel(world, "calc.localhost")
    world.call(world.edge._running.tell())
    world.runtime.noted.clear()
    world.call(world.edge._running.tell())
    assert world.runtime.noted, "an open tunnel is use"
    peer.close()


def test_the_runtime_process_is_asked_by_lines(world: World, tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = []
    answers = [
        b'{"socket": "/x/http.sock"}\n',
        b'{"refused": "gone", "says": "No.", "next_step": "Go.", "wait": true}\n',
        b"no\n",
    ]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(json.loads(await reader.readline()))
        if "ask" in lines[-1]:
            writer.write(answers.pop(0))
        writer.close()

    async def talk() -> None:
        path = world.run / "rt.sock"
        server = await asyncio.start_unix_server(serve, str(path))
        process, key = RuntimeProcess(path, 5), Key("calc", "production", "d1")
        assert await process.endpoint(key) == Path("/x/http.sock")
        for code in ("gone", "runtime-away"):
            with pytest.raises(NotRunning) as refused:
                await process.endpoint(key)
            assert (refused.value.code, refused.value.wait) == (code, True)
        await process.used([key])
        server.close()
        with pytest.raises(NotRunning):
            await process.endpoint(key)
        await process.used([key])

    world.call(talk())
    assert lines[0] == {"ask": "endpoint", "app": "calc", "environment": "production", "deploy": "d1"}
    assert lines[-1] == {"note": "used", "keys": [["calc", "production", "d1"]]}
