"""Apps that start from a process which has imported what they need: what it gives them, and what it must not."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from tests.runtime.apps import ASGI, get, release
from tests.runtime.conftest import LIMITS, USER, local_driver

from greenlane.kit.blobs import Blobs
from greenlane.runtime import cgroups, packages
from greenlane.runtime.inside.start import SELDOM
from greenlane.runtime.inside.zygote import look
from greenlane.runtime.jail import Jail
from greenlane.runtime.sandbox import Jailer, Running
from greenlane.runtime.zygote import Zygote

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="entering a sandbox that was laid out takes root's powers")

REMEMBERING = """
def found(word):
    veil, hits = bytes(one ^ 90 for one in range(256)), 0
    for line in open("/proc/self/maps"):
        begin, end = (int(one, 16) for one in line.split()[0].split("-"))
        if " rw" in line and begin < 1 << 47:
            with open("/proc/self/mem", "rb", 0) as memory:
                memory.seek(begin)
                try: hits += memory.read(end - begin).translate(veil).count(word)
                except OSError: pass
    return hits

async def app(scope, receive, send):
    if scope["type"] == "http":
        body = str(found(bytes.fromhex(scope["path"][1:]))).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})
"""
"""How often a word is in the app's own memory; asked for under a veil, so that the question is not the answer."""


def _veiled(word: str) -> str:
    return "/" + bytes(one ^ 90 for one in word.encode()).hex()


def _jail(*command: str) -> Jail:
    return Jail(f"t{uuid4().hex[:8]}", command, {}, (), "/", LIMITS, USER)


def _own(folder: Path) -> tuple[Jailer, Zygote]:
    zygote = Zygote(lambda: packages.gathered(folder))
    assert zygote.ready()
    return Jailer(cgroups.find(f"greenlane-test-{uuid4().hex[:8]}"), zygote), zygote


def test_one_app_finds_nothing_of_another_in_its_memory(zygote: Jailer, tmp_path: Path) -> None:
    """Whatever the process that they are forked from has read, they would inherit."""
    blobs = Blobs(tmp_path / "blobs")
    first, second = uuid4().hex, uuid4().hex
    with local_driver(zygote, tmp_path, blobs) as driver:
        for secret in (first, second):
            one = release(blobs, "asgi", "m:app", {"m.py": REMEMBERING}, variables={"TOKEN": secret})
            instance = driver.ensure(one, lambda _said: None, lambda _ended: None)
        assert int(get(instance.endpoint, _veiled(second))[1]) > 0, "it finds its own, so it looks where it should"
        assert get(instance.endpoint, _veiled(first))[1] == b"0"


def test_what_an_app_brings_itself_comes_before_what_was_imported(zygote: Jailer, tmp_path: Path) -> None:
    """A file of its own that is named as one of Python's library is its own, as ever."""
    blobs = Blobs(tmp_path / "blobs")
    files = {
        "statistics.py": "mine = 'my own'",
        "html/page.html": "no module at all",
        "m.py": "import os, statistics, html\nassert html.escape\nos.environ['GREETING'] = statistics.mine\n" + ASGI,
    }
    with local_driver(zygote, tmp_path, blobs) as driver:
        instance = driver.ensure(release(blobs, "asgi", "m:app", files), lambda _said: None, lambda _ended: None)
        assert get(instance.endpoint)[1] == b"my own from /"


def test_an_app_may_start_processes_of_its_own(zygote: Jailer, tmp_path: Path) -> None:
    """By either way that Python has: what it starts anew looks for the program that was started first."""
    blobs = Blobs(tmp_path / "blobs")
    work = "import os\ndef work(queue):\n    queue.put(os.getuid())\n"
    text = (
        "import multiprocessing, os, work\n"
        "found = []\n"
        "for way in ('fork', 'spawn'):\n"
        "    context = multiprocessing.get_context(way)\n"
        "    queue = context.Queue()\n"
        "    one = context.Process(target=work.work, args=(queue,))\n"
        "    one.start(); found.append(queue.get(timeout=20)); one.join()\n"
        "os.environ['GREETING'] = ','.join(str(one == os.getuid()) for one in found)\n"
    ) + ASGI
    with local_driver(zygote, tmp_path, blobs) as driver:
        one = release(blobs, "asgi", "m:app", {"m.py": text, "work.py": work})
        instance = driver.ensure(one, lambda _said: None, lambda _ended: None)
        assert get(instance.endpoint)[1] == b"True,True from /"


def test_many_start_at_once_and_each_is_told_apart(zygote: Jailer) -> None:
    ended: dict[int, int] = {}

    def one(status: int) -> None:
        ended[status] = zygote.start(_jail("sh", "-c", f"exit {status}"), lambda _said: None).wait(30).status

    threads = [threading.Thread(target=one, args=(status,)) for status in range(20, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended == {status: status for status in range(20, 30)}


def test_when_it_dies_its_children_end_and_the_next_start_makes_another(tmp_path: Path) -> None:
    jailer, zygote = _own(tmp_path)
    up = threading.Event()
    running = jailer.start(_jail("sh", "-c", "echo up; sleep 1000"), lambda _said: up.set())
    assert up.wait(20)
    os.kill(_parent(running), signal.SIGKILL)
    assert running.wait(20).why == "failed"
    deadline = time.monotonic() + 20
    while not zygote.ready() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert jailer.start(_jail("true"), lambda _said: None).wait(20).why == "done"
    jailer.close()


def _parent(running: Running) -> int:
    [command] = running._commands()
    status = Path(f"/proc/{command}/status").read_text()
    return int(status.split("PPid:")[1].split()[0])


def test_what_holds_the_place_has_no_power_and_nothing_of_the_app(tmp_path: Path) -> None:
    """It is there while the app runs, as another user."""
    jailer, _ = _own(tmp_path)
    up = threading.Event()
    jail = replace(_jail("sh", "-c", "echo up; sleep 1000"), environment={"TOKEN": "planted"})
    running = jailer.start(jail, lambda _said: up.set())
    assert up.wait(20)
    first = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    others = [running.pid, *(int(one) for one in first if int(one) not in running._commands())]
    assert len(others) == 2
    for one in others:
        status = dict(line.split(":", 1) for line in Path(f"/proc/{one}/status").read_text().splitlines())
        for power in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(status[power], 16) == 0, (one, power)
        assert status["NoNewPrivs"].strip() == "1", one
        assert b"planted" not in Path(f"/proc/{one}/environ").read_bytes(), one
    running.stop()
    jailer.close()


def test_garbage_is_looked_for_seldom_until_an_app_is_imported(zygote: Jailer, tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    text = "import gc, os\nbefore = gc.get_threshold()[0]\n{own}\n" + ASGI.replace(
        'os.environ.get("GREETING", "hello")', "str((before, gc.isenabled(), gc.get_threshold()[0]))"
    )
    with local_driver(zygote, tmp_path, blobs) as driver:
        for own, after in (("", gc.get_threshold()[0]), ("gc.set_threshold(1234)", 1234)):
            one = release(blobs, "asgi", "m:app", {"m.py": text.replace("{own}", own)})
            instance = driver.ensure(one, lambda _said: None, lambda _ended: None)
            assert get(instance.endpoint)[1] == f"({SELDOM[0]}, True, {after}) from /".encode()


def test_without_it_apps_start_the_slower_way(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    jailer = Jailer(cgroups.find(f"greenlane-test-{uuid4().hex[:8]}"), Zygote(lambda: tmp_path / "nothing"))
    said: list[bytes] = []
    assert jailer.start(_jail("echo", "here"), said.append).wait(20).why == "done"
    assert b"".join(said) == b"here\n"
    jailer.close()


def test_it_sees_nothing_of_the_platform(tmp_path: Path) -> None:
    """Programs of the machine and the platform's packages, no folder of data, no process, no network."""
    jailer, _ = _own(tmp_path)
    up = threading.Event()
    running = jailer.start(_jail("sh", "-c", "echo up; sleep 1000"), lambda _said: up.set())
    assert up.wait(20)
    root = Path(f"/proc/{_parent(running)}/root")
    assert {one.name for one in root.iterdir()} <= {
        *("bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr", "etc", "dev", "opt", "root")
    }
    assert {one.name for one in (root / "opt").iterdir()} <= {"greenlane"}
    assert not (root / str(tmp_path).lstrip("/")).exists()
    running.stop()
    jailer.close()


def test_it_runs_nothing_that_still_has_powers() -> None:
    with pytest.raises(RuntimeError, match="something is left"):
        look(os.getuid())
