"""One app that takes all it can get does not keep another from answering."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.runtime.apps import ASGI, get, release
from tests.runtime.conftest import LIMITS, WAYS, local_driver

from greenlane.kit.blobs import Blobs
from greenlane.runtime.driver import DidNotStart, Instance
from greenlane.runtime.local import LocalDriver

PATIENCE = 5.0
"""Seconds that no answer of the quiet app may take: what the platform promises whatever happens."""

GREEDY = {
    "burns every processor": "for _ in range(8):\n    if os.fork() == 0:\n        while True: pass\n",
    "makes processes without end": (
        "def bomb():\n"
        "    while True:\n"
        "        try: os.fork()\n"
        "        except OSError: pass\n"
        "threading.Thread(target=bomb, daemon=True).start()\n"
    ),
    "fills its memory again and again": (
        "def fill():\n"
        "    while True:\n"
        "        if os.fork() == 0:\n"
        "            kept = []\n"
        "            while True: kept.append(b'x' * 1_000_000)\n"
        "        try: os.wait()\n"
        "        except OSError: pass\n"
        "threading.Thread(target=fill, daemon=True).start()\n"
    ),
    "prints without end": (
        "def talk():\n"
        "    while True: os.write(1, b'x' * 65536 + b'\\n')\n"
        "threading.Thread(target=talk, daemon=True).start()\n"
    ),
    "opens every socket and file it can": (
        "kept = []\n"
        "with suppress(OSError):\n"
        "    while True: kept.append(socket.socket())\n"
    ),
}  # fmt: skip


@pytest.fixture
def local(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[LocalDriver, Blobs]]:
    blobs = Blobs(tmp_path / "blobs")
    with local_driver(request.getfixturevalue(WAYS[-1]), tmp_path, blobs) as driver:
        yield driver, blobs


def _start(
    local: tuple[LocalDriver, Blobs], text: str, heard: Callable[[bytes], None] = lambda _said: None
) -> Instance:
    driver, blobs = local
    return driver.ensure(release(blobs, "asgi", "m:app", {"m.py": text}), heard, lambda _ended: None)


def _begin(local: tuple[LocalDriver, Blobs], text: str) -> threading.Thread:
    """Start it and return once it says that it takes what it can; whether it ever listens is its own concern."""
    takes = threading.Event()

    def start() -> None:
        with suppress(DidNotStart):
            _start(local, text, lambda _said: takes.set())

    thread = threading.Thread(target=start)
    thread.start()
    assert takes.wait(60)
    return thread


def _answers(instance: Instance, seconds: float) -> list[float]:
    """How long each answer took, one after the other for a while."""
    took = []
    until = time.monotonic() + seconds
    while time.monotonic() < until or not took:
        begun = time.monotonic()
        answer, body = get(instance.endpoint)
        took.append(time.monotonic() - begun)
        assert (answer.status, body) == (200, b"hello from /")
    return took


@pytest.mark.parametrize("what", GREEDY)
def test_another_app_still_answers_while_one(local: tuple[LocalDriver, Blobs], what: str) -> None:
    quiet = _start(local, ASGI)
    starts = "import os, socket, threading\nfrom contextlib import suppress\n"
    greedy = _begin(local, f"{starts}{GREEDY[what]}print('taking', flush=True)\n{ASGI}")
    assert max(_answers(quiet, 1.5)) < PATIENCE
    assert max(_answers(_start(local, ASGI), 0.1)) < PATIENCE, "and a third one starts beside it"
    local[0].close()
    greedy.join()


def test_a_crowd_at_one_app_does_not_keep_visitors_from_another(local: tuple[LocalDriver, Blobs]) -> None:
    crowded, quiet = _start(local, ASGI), _start(local, ASGI)
    lines = []
    try:
        with suppress(OSError):
            while len(lines) < 400:
                line = socket.socket(socket.AF_UNIX)
                line.setblocking(False)
                lines.append(line)
                line.connect(str(crowded.endpoint))
        assert len(lines) > LIMITS.files, "more than the app may have open"
        assert max(_answers(quiet, 1.0)) < PATIENCE
    finally:
        for line in lines:
            line.close()
    assert get(crowded.endpoint)[0].status == 200, "when they have gone it answers again"


def test_a_start_that_hangs_holds_nobody_up(local: tuple[LocalDriver, Blobs]) -> None:
    """Sandboxes are laid out and apps forked one beside the other."""
    stuck = _begin(local, "import time\nprint('waiting', flush=True)\ntime.sleep(5)\n" + ASGI)
    begun = time.monotonic()
    assert _answers(_start(local, ASGI), 0.1)
    assert stuck.is_alive(), f"it took {time.monotonic() - begun:.1f} s, as long as the one that hangs"
    stuck.join()
