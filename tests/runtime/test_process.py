"""The runtime process as it is: started, asked over its socket, killed; and how it hears of releases from control."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.apps import ASGI, get, release

from greenlane.kit.blobs import Blobs
from greenlane.kit.errors import Unavailable
from greenlane.runtime.asking import NotAnswered, Runtime
from greenlane.runtime.release import Key, Release
from greenlane.runtime.releases import Teller, ask_control
from greenlane.runtime.stage import Unknown

KEY = Key("board", "production", "d1")


class House:
    """Control's end, and a runtime process that can be started again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blobs = Blobs(folder / "blobs")
        self.releases: dict[Key, Release] = {}
        self.teller = Teller(folder / "releases.sock", self.releases.get)
        self.runtime = Runtime(folder / "runtime.sock")
        self.process: subprocess.Popen[bytes] | None = None

    def add(self, entry: str, files: dict[str, str], **more: Any) -> None:
        self.releases[KEY] = release(self.blobs, "asgi", entry, files, key=KEY, **more)

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.runtime.being_runtime", str(self.folder)]
        self.process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        deadline = time.monotonic() + 20
        while True:
            try:
                self.runtime.capabilities()
                return
            except Unavailable:
                assert time.monotonic() < deadline
                time.sleep(0.02)

    def end(self, number: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(20)
            self.process = None

    def say(self, **question: Any) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(30)
            asking.connect(str(self.folder / "runtime.sock"))
            asking.sendall(json.dumps(question).encode() + b"\n")
            return json.loads(asking.makefile("rb").readline())

    def endpoint(self) -> dict[str, Any]:
        return self.say(ask="endpoint", **KEY._asdict(), within=20)


@pytest.fixture
def house() -> Iterator[House]:
    folder = Path(tempfile.mkdtemp(prefix="gl-"))
    made = House(folder)
    made.teller.start()
    made.start()
    yield made
    made.end()
    made.teller.stop()
    shutil.rmtree(folder)


def test_an_app_is_woken_over_the_socket_and_its_log_is_read_there(house: House) -> None:
    house.add("m:app", {"m.py": "print('good morning', flush=True)\n" + ASGI})
    assert get(Path(house.endpoint()["socket"]))[0].status == 200
    assert [line["text"] for line in house.runtime.lines(KEY, within=10)] == ["good morning"]
    assert [(one["state"], one["starts"]) for one in house.runtime.standing("board")] == [("awake", 1)]


def test_a_secret_of_an_app_is_not_in_its_log(house: House) -> None:
    text = "import os\nprint('the key is', os.environ['KEY'], flush=True)\n" + ASGI
    house.add("m:app", {"m.py": text}, variables={"KEY": "very-secret-value"}, secret=frozenset({"very-secret-value"}))
    assert "socket" in house.endpoint()
    assert [line["text"] for line in house.runtime.lines(KEY, within=10)] == ["the key is ••••••"]


def test_an_app_that_cannot_start_says_why_in_words_and_in_its_log(house: House) -> None:
    house.add("m:app", {"m.py": "import no_such_package"})
    answer = house.endpoint()
    assert answer["refused"] == "resting"
    assert "ended with an error" in answer["says"]
    assert any("no_such_package" in line["text"] for line in house.runtime.lines(KEY, within=10))


def test_apps_run_on_while_control_is_away(house: House) -> None:
    house.add("m:app", {"m.py": ASGI})
    first = house.endpoint()
    house.teller.stop()
    assert house.endpoint() == first
    assert get(Path(first["socket"]))[0].status == 200
    house.teller.start()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_runs_on_when_the_process_is_gone_and_apps_wake_in_the_next(house: House, how: int) -> None:
    text = "import os\nos.environ['GREETING'] = str(os.getpid())\n" + ASGI
    house.add("m:app", {"m.py": text, "marker_of_this_test.py": ""})
    before = Path(house.endpoint()["socket"])
    assert get(before)[0].status == 200
    house.end(how)
    house.start()
    with pytest.raises(OSError, match=r"refused|No such file"):
        get(before)
    assert get(Path(house.endpoint()["socket"]))[0].status == 200


def test_what_is_not_understood_is_said_and_the_process_goes_on(house: House) -> None:
    for question in ({"ask": "nothing"}, {"ask": "endpoint"}, {"other": 1}):
        assert house.say(**question)["refused"] == "not-understood"
    with socket.socket(socket.AF_UNIX) as rude:
        rude.connect(str(house.folder / "runtime.sock"))
        rude.sendall(b"\xff" * 100 + b"\n[1]\n")
        assert b"not-understood" in rude.makefile("rb").readline()
    assert house.runtime.capabilities()["refused"] == ""
    with pytest.raises(NotAnswered):
        house.runtime.ask({"ask": "nothing"})


def test_nobody_else_may_ask(house: House) -> None:
    assert (house.folder / "runtime.sock").stat().st_mode & 0o777 == 0o600
    assert (house.folder / "releases.sock").stat().st_mode & 0o777 == 0o600


def test_control_tells_a_release_whole_and_what_there_is_not(house: House) -> None:
    house.add("m:app", {"m.py": ASGI}, variables={"A": "ä/ö"}, secret=frozenset({"A"}))
    assert ask_control(house.folder / "releases.sock", KEY) == house.releases[KEY]
    with pytest.raises(Unknown):
        ask_control(house.folder / "releases.sock", Key("a/b", "c d", "é"))
    with pytest.raises(Unavailable):
        ask_control(house.folder / "none.sock", KEY)
