"""A Flask app counts its visits in the database that it finds: over publishes, a rollback, a restore, and a full folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.stories.running import Running, until
from tests.stories.terminal import Terminal, Typist

pytestmark = pytest.mark.xdist_group("data")

QUOTA_MIB = 8
APP = """
import os, sqlite3
from flask import Flask, request

VERSION = "{version}"
app = Flask(__name__)
database = os.environ["DATABASE_URL"].removeprefix("sqlite:///")

def opened():
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE IF NOT EXISTS visit (at TEXT)")
    return connection

@app.get("/")
def visit():
    with opened() as connection:
        connection.execute("INSERT INTO visit VALUES (datetime('now'))")
        return f"{{VERSION}}: {{connection.execute('SELECT count(*) FROM visit').fetchone()[0]}}"

@app.get("/count")
def count():
    with sqlite3.connect(f"file:{{database}}?mode=ro", uri=True) as connection:
        return f"{{VERSION}}: {{connection.execute('SELECT count(*) FROM visit').fetchone()[0]}}"

@app.get("/fill")
def fill():
    with open("/data/upload", "wb") as file:
        file.write(bytes(int(request.args["bytes"])))
    return "filled"

@app.get("/elsewhere")
def elsewhere():
    with open("/app/notes.txt", "w") as file:
        file.write("a note")
"""


class Place:
    """A Greenlane with small quotas, and one app in it."""

    def __init__(self, running: Running, folder: Path) -> None:
        self.running = running
        self.owner: Terminal = running.owner
        self._folder = folder

    def deploys(self, version: str) -> None:
        (self._folder / "app.py").write_text(APP.format(version=version))
        (self._folder / "requirements.txt").write_text("flask\n")
        self.owner.does("deploy", self._folder, "--app", "tally")

    def ask(self, path: str = "/", host: str = "tally") -> str:
        return self.running.ask(host, path, self.owner.token).text

    def publishes(self, *more: str) -> dict[str, object]:
        answer: dict[str, object] = self.owner.does("publish", "tally", *more)["answer"]
        return answer

    def data(self, environment: str = "production") -> dict[str, object]:
        [one] = self.owner.does("data", "tally", "--environment", environment)["environments"]
        return dict(one)

    def log(self) -> str:
        return self.owner.types("logs", "tally").out


@pytest.fixture(scope="module")
def place(typist: Typist) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="gl-") as folder:
        source = Path(folder, "tally")
        source.mkdir()
        running = Running(typist, Path(folder), {"GREENLANE_APP_DISK_MIB": str(QUOTA_MIB)})
        try:
            yield Place(running, source)
        finally:
            running.stop()


def test_what_is_counted_stays_and_goes_back_only_when_somebody_says_so(place: Place) -> None:
    place.deploys("one")
    assert "snapshot" not in place.publishes(), "there was nothing to keep yet"
    assert [place.ask() for _ in range(2)] == ["one: 1", "one: 2"]

    place.deploys("two")
    kept = place.publishes()["snapshot"]
    assert place.ask() == "two: 3", "a publish keeps what is stored"
    [snapshot] = place.data()["snapshots"]
    assert (snapshot["id"], snapshot["verb"]) == (kept, "publish")

    back = place.owner.types("rollback", "tally")
    assert back.code == 0
    assert "what it stores is left as it is" in back.out
    assert "Data is left as it is." in back.out
    assert place.ask() == "one: 4", "a rollback leaves data alone"

    restored = place.owner.does("data", "restore", "tally", "--snapshot", kept)["answer"]
    assert place.ask("/count") == "one: 2", "as it was before the second version"
    place.owner.does("data", "restore", "tally", "--snapshot", restored["before"])
    assert place.ask("/count") == "one: 4", "and back"

    place.publishes("--to", "staging")
    assert place.ask(host="staging--tally") == "two: 1", "staging counts by itself"
    refused = place.owner.types("data", "restore", "tally", "--environment", "staging", "--snapshot", kept)
    assert refused.code == 2
    assert "never carried from one environment to another" in refused.err
    assert place.ask("/count") == "one: 4"


def test_whoever_writes_elsewhere_is_told_where_to_write(place: Place) -> None:
    place.ask("/elsewhere")
    until(lambda: "An app can write to /data" in place.log(), "a hint")
    assert "Read-only file system" in place.log()


def test_a_full_folder_can_be_read_and_a_restore_makes_room(place: Place) -> None:
    kept = place.owner.does("data", "snapshot", "tally")["answer"]["snapshot"]
    counted = place.ask("/count")
    assert place.ask(f"/fill?bytes={(QUOTA_MIB * 1024 + 500) * 1024}") == "filled"
    until(lambda: "are its quota" in place.log(), "a word about the quota")
    until(lambda: "Internal Server Error" in place.ask("/"), "the end of writing")
    assert int(place.ask("/count").split()[1]) >= int(counted.split()[1]), "what is there can be read"
    assert place.data()["full"] is True
    shown = place.owner.types("data", "tally").out
    assert "full, so it can be read and not written to" in shown
    assert "/data is full" in place.log()
    place.owner.does("data", "restore", "tally", "--snapshot", kept)
    assert place.data()["full"] is False
    assert place.ask("/") == f"one: {int(counted.split()[1]) + 1}"


def test_data_is_there_after_the_platform_was_killed(place: Place) -> None:
    counted = place.ask("/count")
    place.running.kill_everything()
    place.running.start()
    assert place.ask("/count") == counted
    assert len(place.data()["snapshots"]) >= 2


def test_data_comes_back_with_a_backup(place: Place) -> None:
    counted = place.ask("/count")
    running, file = place.running, place.running.folder / "saved.tar"
    place.owner.does("backup", file, "--data", running.data)
    place.ask("/")
    running.stop()
    running.data.rename(running.folder / "lost")
    place.owner.does("restore", file, "--data", running.data)
    running.start()
    assert place.ask("/count") == counted, "as it was when it was saved"
    assert place.ask("/") == f"one: {int(counted.split()[1]) + 1}", "and it goes on"
    running.stop()
    place.owner.does("backup", running.folder / "asleep.tar", "--data", running.data)
    running.start()
